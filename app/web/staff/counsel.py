"""The lawyer's entrance: their own cases and nothing else."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter()
