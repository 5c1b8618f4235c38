"""Scanned slips, the queue of those to look at, and signatures taken at the door."""

from __future__ import annotations

APPEND_ONLY = ()
