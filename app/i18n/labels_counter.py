"""Words of the till, deposits, unclaimed money and closing."""

from __future__ import annotations

LABELS: dict[str, str] = {}
