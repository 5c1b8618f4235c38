"""Bank files that go out and come back, statements of money received, and what matches what."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Table

APPEND_ONLY: tuple[Table, ...] = ()
