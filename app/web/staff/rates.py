"""Prices and the late charge."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter()
