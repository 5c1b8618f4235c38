"""Refusals of strategies, tracks and promises."""

from __future__ import annotations

SENTENCES: dict[str, str] = {}
