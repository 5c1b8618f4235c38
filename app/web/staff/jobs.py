"""Long work that goes on when its page is closed."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter()
