"""Refusals of the outbox and its channels."""

from __future__ import annotations

SENTENCES: dict[str, str] = {}
