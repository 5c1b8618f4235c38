"""The outbox: what is to be sent over which channel, what was accepted and what arrived."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Table

APPEND_ONLY: tuple[Table, ...] = ()
