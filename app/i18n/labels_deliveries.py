"""Labels about deliveries."""

from __future__ import annotations

LABELS: dict[str, str] = {}
