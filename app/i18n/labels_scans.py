"""Labels about scans."""

from __future__ import annotations

LABELS: dict[str, str] = {}
