"""The limitation of every bill: what is safe, what must be interrupted now, and by what."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter()
