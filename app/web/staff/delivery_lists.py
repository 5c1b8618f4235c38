"""Lists for the post office, results read back from its files, and what deliveries came to."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter()
