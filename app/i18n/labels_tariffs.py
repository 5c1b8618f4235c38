"""Words of prices, billing runs and the mapping of imports."""

from __future__ import annotations

LABELS: dict[str, str] = {}
