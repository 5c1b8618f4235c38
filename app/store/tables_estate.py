"""What the office keeps of units and people beside the ledger: files, marks, changes, transfers, holds' papers."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    LargeBinary,
    String,
    Table,
    Text,
    text,
)

from app.store.tables import _id, _ref, metadata
from app.store.types import BigId, CivilDate, Instant

unit_mark = Table(
    "unit_mark",
    metadata,
    _id(),
    _ref("unit_id", "unit"),
    Column("kind", String(20), nullable=False),
    Column("note", String(200), nullable=False, server_default=""),
    Column("until_on", CivilDate),
    Column("marked_at", Instant, nullable=False),
    Column("marked_by", BigId),
    Column("ended_at", Instant),
    Column("ended_by", BigId),
    CheckConstraint("kind IN ('no_dunning', 'elderly', 'disabled', 'note')", name="kind"),
    Index("ix_unit_mark_unit", "unit_id", "ended_at"),
)

unit_file = Table(
    "unit_file",
    metadata,
    _id(),
    _ref("community_id", "community"),
    _ref("unit_id", "unit"),
    Column("kind", String(20), nullable=False),
    Column("name", String(200), nullable=False),
    Column("media_type", String(80), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("note", String(200), nullable=False, server_default=""),
    Column("subject", String(60), nullable=False, server_default=""),
    Column("added_at", Instant, nullable=False),
    Column("added_by", BigId),
    Column("withdrawn_at", Instant),
    Column("withdrawn_by", BigId),
    Column("withdrawn_reason", String(200), nullable=False, server_default=""),
    CheckConstraint(
        "kind IN ('contract', 'identity', 'handover', 'authority', 'photo', 'other')",
        name="kind",
    ),
    Index("ix_unit_file_unit", "unit_id"),
)

# What a unit was before somebody corrected it; the row of the unit holds only what is true now.
unit_change = Table(
    "unit_change",
    metadata,
    _id(),
    _ref("unit_id", "unit"),
    Column("field", String(20), nullable=False),
    Column("before", String(60), nullable=False, server_default=""),
    Column("after", String(60), nullable=False, server_default=""),
    Column("reason", String(200), nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("changed_by", BigId),
    CheckConstraint("field IN ('area', 'usage', 'handed_over')", name="field"),
    Index("ix_unit_change_unit", "unit_id"),
)

# The number somebody had before, still sealed to its person: a notice may have gone there.
person_change = Table(
    "person_change",
    metadata,
    _id(),
    _ref("person_id", "person"),
    _ref("unit_id", "unit"),
    Column("field", String(20), nullable=False),
    Column("before_sealed", LargeBinary),
    Column("before", String(80), nullable=False, server_default=""),
    Column("after", String(80), nullable=False, server_default=""),
    Column("reason", String(200), nullable=False, server_default=""),
    Column("changed_at", Instant, nullable=False),
    Column("changed_by", BigId),
    CheckConstraint("field IN ('name', 'phone', 'id_number', 'phone_bad')", name="field"),
    Index("ix_person_change_unit", "unit_id"),
    Index("ix_person_change_person", "person_id"),
)

ownership_transfer = Table(
    "ownership_transfer",
    metadata,
    _id(),
    _ref("community_id", "community"),
    _ref("unit_id", "unit"),
    Column("transfer_on", CivilDate, nullable=False),
    Column("source", String(120), nullable=False, server_default=""),
    Column("note", String(200), nullable=False, server_default=""),
    Column("credit", String(12), nullable=False, server_default="none"),
    Column("facts", Text, nullable=False, server_default="{}"),
    Column("made_at", Instant, nullable=False),
    Column("made_by", BigId),
    Column("reversed_at", Instant),
    Column("reversed_by", BigId),
    Column("reversed_reason", String(200), nullable=False, server_default=""),
    CheckConstraint("credit IN ('none', 'stays', 'refund')", name="credit"),
    Index("ix_ownership_transfer_unit", "unit_id"),
)

# Rows that were entered by mistake and taken out again, word for word.
estate_withdrawal = Table(
    "estate_withdrawal",
    metadata,
    _id(),
    _ref("unit_id", "unit"),
    Column("noun", String(12), nullable=False),
    Column("person_id", BigId),
    Column("detail", String(120), nullable=False, server_default=""),
    Column("from_on", CivilDate, nullable=False),
    Column("until_on", CivilDate, nullable=False),
    Column("reason", String(200), nullable=False),
    Column("withdrawn_at", Instant, nullable=False),
    Column("withdrawn_by", BigId),
    CheckConstraint("noun IN ('owner', 'contact', 'vacancy', 'unit_fee')", name="noun"),
    Index("ix_estate_withdrawal_unit", "unit_id"),
)

hold_case = Table(
    "hold_case",
    metadata,
    _id(),
    _ref("adjustment_id", "adjustment"),
    _ref("community_id", "community"),
    _ref("unit_id", "unit"),
    Column("is_objection", Boolean, nullable=False, server_default=text("false")),
    Column("note", Text, nullable=False, server_default=""),
    Column("review_on", CivilDate),
    Index("ix_hold_case_adjustment", "adjustment_id", unique=True),
    Index("ix_hold_case_community", "community_id", "review_on"),
    Index("ix_hold_case_unit", "unit_id"),
)
