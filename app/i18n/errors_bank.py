"""Refusals of bank files and statements."""

from __future__ import annotations

SENTENCES: dict[str, str] = {}
