"""Second factor, sessions and the log."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter()
