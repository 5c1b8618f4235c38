"""Sentences for settings, onboarding and the state of the system."""

from __future__ import annotations

SENTENCES: dict[str, str] = {}
