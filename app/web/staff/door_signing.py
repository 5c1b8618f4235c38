"""Signing at the door on the clerk's own phone or tablet."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter()
