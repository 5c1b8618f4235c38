"""Labels about claims."""

from __future__ import annotations

LABELS: dict[str, str] = {}
