"""Strategies by stage, reasons and their tracks, promises, complaints: how a debt is followed up."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Table

APPEND_ONLY: tuple[Table, ...] = ()
