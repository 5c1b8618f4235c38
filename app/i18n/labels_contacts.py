"""Labels of contacts and the work list."""

from __future__ import annotations

LABELS: dict[str, str] = {}
