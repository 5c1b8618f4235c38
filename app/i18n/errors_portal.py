"""Sentences for the owner's page."""

from __future__ import annotations

SENTENCES: dict[str, str] = {}
