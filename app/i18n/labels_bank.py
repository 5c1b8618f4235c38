"""Labels of bank files and statements."""

from __future__ import annotations

LABELS: dict[str, str] = {}
