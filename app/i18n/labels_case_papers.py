"""Labels about case papers."""

from __future__ import annotations

LABELS: dict[str, str] = {}
