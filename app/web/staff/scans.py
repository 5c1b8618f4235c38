"""Scanned slips handed in, what was read from them, and a person's word on each."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter()
