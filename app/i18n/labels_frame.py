"""Words of the frame, search, saved views and the list of arrears."""

from __future__ import annotations

LABELS: dict[str, str] = {}
