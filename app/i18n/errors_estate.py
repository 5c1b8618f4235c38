"""Sentences for units, owners, contacts, holds and files."""

from __future__ import annotations

SENTENCES: dict[str, str] = {}
