"""What interrupts the limitation of bills, obstacles, base rates, and claims frozen to a date."""

from __future__ import annotations

APPEND_ONLY = ()
