"""Sentences about evidence."""

from __future__ import annotations

SENTENCES: dict[str, str] = {}
