"""Addresses and numbers of owners, who says they are theirs, and which of them are no good."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter()
