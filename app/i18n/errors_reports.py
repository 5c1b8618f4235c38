"""Sentences for the desk and the reports."""

from __future__ import annotations

SENTENCES: dict[str, str] = {}
