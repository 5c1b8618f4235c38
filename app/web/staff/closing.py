"""Shifts, days and months that are closed."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter()
