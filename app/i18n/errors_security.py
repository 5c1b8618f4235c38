"""Sentences for second factor, sessions, users and the log."""

from __future__ import annotations

SENTENCES: dict[str, str] = {}
