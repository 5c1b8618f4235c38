"""Labels about cases."""

from __future__ import annotations

LABELS: dict[str, str] = {}
