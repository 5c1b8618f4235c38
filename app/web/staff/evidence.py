"""The chain of evidence: what it holds, its daily roots and timestamps, and a check of it all."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter()
