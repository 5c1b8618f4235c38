"""Refusals of contacts and the work list."""

from __future__ import annotations

SENTENCES: dict[str, str] = {}
