"""Words of settings, onboarding and the state of the system."""

from __future__ import annotations

LABELS: dict[str, str] = {}
