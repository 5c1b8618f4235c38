"""Papers of a case and the bundles handed over."""

from __future__ import annotations

APPEND_ONLY = ()
