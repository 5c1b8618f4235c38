"""The chain of evidence of each unit, its daily roots, timestamps and sealed documents."""

from __future__ import annotations

APPEND_ONLY = ()
