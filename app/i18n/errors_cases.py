"""Sentences about cases."""

from __future__ import annotations

SENTENCES: dict[str, str] = {}
