"""The table of the reports: who looks after which building."""

from __future__ import annotations

from sqlalchemy import Column, Index, String, Table, UniqueConstraint

from app.store.tables import _id, _ref, bill, metadata

steward = Table(
    "steward",
    metadata,
    _id(),
    _ref("community_id", "community"),
    Column("building", String(30), nullable=False),
    _ref("user_id", "app_user"),
    UniqueConstraint("community_id", "building"),
)

# What fell due in a month is asked for by the desk, by every report and by the list of bills.
Index("ix_bill_due", bill.c.community_id, bill.c.due_on)
