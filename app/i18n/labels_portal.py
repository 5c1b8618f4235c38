"""Words of the owner's page."""

from __future__ import annotations

LABELS: dict[str, str] = {}
