"""The register of deliveries: how each notice went out, and what came back."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter()
