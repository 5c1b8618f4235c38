"""Words of units, owners, contacts, holds and files."""

from __future__ import annotations

LABELS: dict[str, str] = {}
