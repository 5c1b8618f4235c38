"""What may be claimed of one owner to a day, in four figures, and a claim frozen to that day."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter()
