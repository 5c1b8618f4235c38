"""Words of second factor, sessions, users and the log."""

from __future__ import annotations

LABELS: dict[str, str] = {}
