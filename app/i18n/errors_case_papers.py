"""Sentences about case papers."""

from __future__ import annotations

SENTENCES: dict[str, str] = {}
