"""Words of the desk and the reports."""

from __future__ import annotations

LABELS: dict[str, str] = {}
