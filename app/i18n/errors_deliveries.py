"""Sentences about deliveries."""

from __future__ import annotations

SENTENCES: dict[str, str] = {}
