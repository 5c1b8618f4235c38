"""What happens in a case: hearings, payments, settlement, judgment and enforcement."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter()
