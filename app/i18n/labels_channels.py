"""Labels of the outbox and its channels."""

from __future__ import annotations

LABELS: dict[str, str] = {}
