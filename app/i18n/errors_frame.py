"""Sentences for the frame, search, saved views and the list of arrears."""

from __future__ import annotations

SENTENCES: dict[str, str] = {}
