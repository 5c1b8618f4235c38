"""Sentences for batches, the procedure, templates and waivers."""

from __future__ import annotations

SENTENCES: dict[str, str] = {}
