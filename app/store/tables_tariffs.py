"""What waits for a second person before it bills anybody, and what an import remembers of a sheet's columns."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from app.store.tables import _id, _ref, metadata
from app.store.types import BigId, CivilDate, Instant

tariff_draft = Table(
    "tariff_draft",
    metadata,
    _id(),
    _ref("community_id", "community"),
    Column("kind", String(12), nullable=False),
    _ref("fee_item_id", "fee_item", nullable=True),
    _ref("plan_id", "rate_plan", nullable=True),
    Column("from_on", CivilDate, nullable=False),
    Column("facts", Text, nullable=False),
    Column("note", String(200), nullable=False, server_default=""),
    Column("state", String(12), nullable=False, server_default="draft"),
    Column("drafted_by", BigId, nullable=False),
    Column("drafted_at", Instant, nullable=False),
    Column("published_by", BigId),
    Column("published_at", Instant),
    Column("closed_by", BigId),
    Column("closed_at", Instant),
    Column("closed_note", String(200), nullable=False, server_default=""),
    CheckConstraint("published_by IS NULL OR published_by <> drafted_by", name="second_person"),
    CheckConstraint("kind IN ('item', 'price', 'late_charge')", name="kind"),
    CheckConstraint("state IN ('draft', 'published', 'refused', 'withdrawn')", name="state"),
    CheckConstraint("state <> 'published' OR published_by IS NOT NULL", name="published"),
    Index("ix_tariff_draft_state", "community_id", "state"),
)

# What changes the bills of one unit, or takes back a price nothing was billed by: wanted by one, decided by another.
terms_draft = Table(
    "terms_draft",
    metadata,
    _id(),
    _ref("community_id", "community"),
    _ref("unit_id", "unit", nullable=True),
    Column("kind", String(20), nullable=False),
    Column("facts", Text, nullable=False),
    Column("reason", String(200), nullable=False, server_default=""),
    Column("state", String(12), nullable=False, server_default="draft"),
    Column("drafted_by", BigId, nullable=False),
    Column("drafted_at", Instant, nullable=False),
    Column("decided_by", BigId),
    Column("decided_at", Instant),
    Column("decided_note", String(200), nullable=False, server_default=""),
    CheckConstraint("decided_by IS NULL OR decided_by <> drafted_by", name="second_person"),
    CheckConstraint(
        "kind IN ('area', 'usage', 'own_price', 'own_price_end', 'own_price_back', 'price_back')", name="kind"
    ),
    CheckConstraint("(unit_id IS NULL) = (kind = 'price_back')", name="unit"),
    CheckConstraint("state IN ('draft', 'granted', 'refused', 'withdrawn')", name="state"),
    CheckConstraint("state NOT IN ('granted', 'refused') OR decided_by IS NOT NULL", name="decided"),
    Index("ix_terms_draft_state", "community_id", "state"),
    Index("ix_terms_draft_unit", "unit_id"),
)

billing_draft = Table(
    "billing_draft",
    metadata,
    _id(),
    _ref("community_id", "community"),
    Column("kind", String(16), nullable=False),
    Column("period", String(7), nullable=False, server_default=""),
    Column("scope", Text, nullable=False, server_default="{}"),
    Column("fingerprint", String(64), nullable=False),
    Column("bills", Integer, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    _ref("run_id", "billing_run", nullable=True),
    _ref("bill_id", "bill", nullable=True),
    Column("value_on", CivilDate),
    Column("reason", String(200), nullable=False, server_default=""),
    Column("state", String(12), nullable=False, server_default="draft"),
    Column("drafted_by", BigId, nullable=False),
    Column("drafted_at", Instant, nullable=False),
    Column("released_by", BigId),
    Column("released_at", Instant),
    Column("closed_by", BigId),
    Column("closed_at", Instant),
    Column("closed_note", String(200), nullable=False, server_default=""),
    CheckConstraint("released_by IS NULL OR released_by <> drafted_by", name="second_person"),
    CheckConstraint("kind IN ('run', 'run_reversal', 'bill_reversal')", name="kind"),
    CheckConstraint("state IN ('draft', 'released', 'done', 'failed', 'refused', 'withdrawn')", name="state"),
    CheckConstraint("state NOT IN ('released', 'done') OR released_by IS NOT NULL", name="released"),
    Index("ix_billing_draft_state", "community_id", "state"),
    Index("ix_billing_draft_run", "run_id"),
)

bill_basis = Table(
    "bill_basis",
    metadata,
    Column("bill_id", BigId, ForeignKey("bill.id"), primary_key=True, autoincrement=False),
    Column("clause", String(200), nullable=False),
    Column("note", String(200), nullable=False, server_default=""),
    Column("recorded_by", BigId),
    Column("recorded_at", Instant, nullable=False),
)

import_mapping = Table(
    "import_mapping",
    metadata,
    _id(),
    _ref("community_id", "community"),
    Column("fingerprint", String(64), nullable=False),
    Column("sheet_name", String(100), nullable=False, server_default=""),
    Column("choices", Text, nullable=False),
    Column("created_by", BigId),
    Column("created_at", Instant, nullable=False),
    Column("used_at", Instant, nullable=False),
    Column("uses", Integer, nullable=False, server_default="1"),
    UniqueConstraint("community_id", "fingerprint"),
)

import_task = Table(
    "import_task",
    metadata,
    _id(),
    _ref("community_id", "community", nullable=True),
    Column("community_name", String(120), nullable=False),
    Column("files", Text, nullable=False),
    Column("options", Text, nullable=False),
    Column("choices", Text, nullable=False, server_default="{}"),
    Column("created_by", BigId, nullable=False),
    Column("login", String(60), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("result", Text, nullable=False, server_default="{}"),
    Column("finished_at", Instant),
    Index("ix_import_task_community", "community_id"),
)
