"""Words of batches, the procedure, templates and waivers."""

from __future__ import annotations

LABELS: dict[str, str] = {}
