"""Sentences for prices, billing runs and the mapping of imports."""

from __future__ import annotations

SENTENCES: dict[str, str] = {}
