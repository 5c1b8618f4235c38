"""Contacts with owners: what was tried, what was refused and until when, who asked for silence, who works on what."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Table

APPEND_ONLY: tuple[Table, ...] = ()
