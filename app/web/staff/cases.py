"""Court cases: opened from arrears, their parties, path, stages and deadlines."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter()
