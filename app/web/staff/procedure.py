"""The procedure and its templates."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter()
