"""Labels about evidence."""

from __future__ import annotations

LABELS: dict[str, str] = {}
