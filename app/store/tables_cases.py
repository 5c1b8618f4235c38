"""Court cases: parties, stages, deadlines, what was paid after filing, and who works on them."""

from __future__ import annotations

APPEND_ONLY = ()
