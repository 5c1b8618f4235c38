"""Labels of strategies, tracks and promises."""

from __future__ import annotations

LABELS: dict[str, str] = {}
