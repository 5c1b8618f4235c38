"""The papers of a case and its bundle: drafted, looked at, sealed by another, handed over."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter()
