"""Sentences for the till, deposits, unclaimed money and closing."""

from __future__ import annotations

SENTENCES: dict[str, str] = {}
