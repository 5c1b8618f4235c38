"""What interrupts the limitation of bills, obstacles, base rates, and claims frozen to a date."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from app.store.tables import _id, _ref, metadata
from app.store.types import BigId, CivilDate, Instant

# --- limitation: what happened is only ever added ---------------------------------------------------

# One row for each bill a fact interrupts; ``nth`` counts how often the same proof was withdrawn and filed again.
interruption = Table(
    "interruption",
    metadata,
    _id(),
    _ref("bill_id", "bill"),
    _ref("unit_id", "unit"),
    _ref("community_id", "community"),
    Column("kind", String(24), nullable=False),
    Column("happened_on", CivilDate, nullable=False),
    Column("ended_on", CivilDate),
    Column("proof_kind", String(24), nullable=False),
    Column("proof_id", BigInteger, nullable=False),
    Column("nth", SmallInteger, nullable=False, server_default="0"),
    Column("strength", String(1), nullable=False),
    Column("note", String(200), nullable=False, server_default=""),
    Column("recorded_by", BigId, ForeignKey("app_user.id")),
    Column("recorded_at", Instant, nullable=False),
    UniqueConstraint("bill_id", "kind", "proof_kind", "proof_id", "nth"),
    CheckConstraint(
        "kind IN ('demand', 'part_payment', 'promise', 'demand_co_owner', 'promise_after_expiry', 'proceeding')",
        name="kind",
    ),
    # a notice that was only posted proves effort, not arrival: it never becomes a row
    CheckConstraint("strength IN ('A', 'B', 'C')", name="strength"),
    CheckConstraint("ended_on IS NULL OR (kind = 'proceeding' AND ended_on >= happened_on)", name="ended"),
    Index("ix_interruption_unit", "unit_id"),
    Index("ix_interruption_proof", "proof_kind", "proof_id"),
)

interruption_end = Table(
    "interruption_end",
    metadata,
    _id(),
    _ref("interruption_id", "interruption"),
    Column("ended_on", CivilDate, nullable=False),
    Column("recorded_by", BigId, ForeignKey("app_user.id")),
    Column("recorded_at", Instant, nullable=False),
    UniqueConstraint("interruption_id"),
)

interruption_withdrawal = Table(
    "interruption_withdrawal",
    metadata,
    _id(),
    _ref("interruption_id", "interruption"),
    Column("reason", String(200), nullable=False),
    Column("recorded_by", BigId, ForeignKey("app_user.id")),
    Column("recorded_at", Instant, nullable=False),
    UniqueConstraint("interruption_id"),
    CheckConstraint("reason <> ''", name="reason"),
)

# An obstacle in the sense of Civil Code 194, bill by bill, with the file that shows it.
obstacle = Table(
    "obstacle",
    metadata,
    _id(),
    _ref("bill_id", "bill"),
    _ref("unit_id", "unit"),
    _ref("community_id", "community"),
    Column("entry_key", String(32), nullable=False),
    Column("reason", String(24), nullable=False),
    Column("from_on", CivilDate, nullable=False),
    Column("until_on", CivilDate),
    _ref("file_id", "stored_file"),
    Column("note", String(200), nullable=False, server_default=""),
    Column("recorded_by", BigId, ForeignKey("app_user.id")),
    Column("recorded_at", Instant, nullable=False),
    UniqueConstraint("bill_id", "entry_key"),
    CheckConstraint("until_on IS NULL OR until_on >= from_on", name="dates"),
    CheckConstraint(
        "reason IN ('force_majeure', 'no_guardian', 'heirs_unknown', 'controlled', 'other')", name="reason"
    ),
    Index("ix_obstacle_unit", "unit_id"),
    Index("ix_obstacle_entry", "entry_key"),
)

# An obstacle ends, or its entry is withdrawn: the newest row says which.
obstacle_change = Table(
    "obstacle_change",
    metadata,
    _id(),
    _ref("obstacle_id", "obstacle"),
    Column("kind", String(12), nullable=False),
    Column("until_on", CivilDate),
    Column("reason", String(200), nullable=False, server_default=""),
    Column("recorded_by", BigId, ForeignKey("app_user.id")),
    Column("recorded_at", Instant, nullable=False),
    UniqueConstraint("obstacle_id", "kind"),
    CheckConstraint("kind IN ('ended', 'withdrawn')", name="kind"),
    CheckConstraint("(kind = 'ended') = (until_on IS NOT NULL)", name="until"),
)

# --- limitation: where the clock of a bill stands, derived and remembered ----------------------------

# Only bills something happened to have a row: the others count from their due date. Without a last day the clock
# stands still (a proceeding or an obstacle goes on).
bill_clock = Table(
    "bill_clock",
    metadata,
    Column("bill_id", BigId, ForeignKey("bill.id"), primary_key=True, autoincrement=False),
    Column("community_id", BigId, nullable=False),
    Column("unit_id", BigId, nullable=False),
    Column("base_on", CivilDate),
    Column("act_by_on", CivilDate),
    Column("last_kind", String(24), nullable=False, server_default=""),
    Column("last_on", CivilDate),
    Column("proof_kind", String(24), nullable=False, server_default=""),
    Column("proof_id", BigInteger),
    Column("strength", String(1), nullable=False, server_default=""),
    Column("late_events", Integer, nullable=False, server_default="0"),
    Index("ix_bill_clock_unit", "unit_id"),
    Index("ix_bill_clock_act", "community_id", "act_by_on"),
)

# --- claims ------------------------------------------------------------------------------------------

# A wrong value is corrected by a newer row for the same day.
base_rate = Table(
    "base_rate",
    metadata,
    _id(),
    Column("from_on", CivilDate, nullable=False),
    Column("rate_e4", Integer, nullable=False),
    Column("source", String(200), nullable=False),
    Column("recorded_by", BigId, ForeignKey("app_user.id")),
    Column("recorded_at", Instant, nullable=False),
    CheckConstraint("rate_e4 > 0 AND rate_e4 < 10000", name="rate"),
    CheckConstraint("source <> ''", name="source"),
    Index("ix_base_rate_from", "from_on"),
)

claim_freeze = Table(
    "claim_freeze",
    metadata,
    _id(),
    _ref("community_id", "community"),
    _ref("unit_id", "unit"),
    Column("number", String(24), nullable=False),
    Column("as_of", CivilDate, nullable=False),
    Column("primary_basis", String(20), nullable=False),
    Column("alternative_basis", String(20), nullable=False),
    Column("principal_fen", BigInteger, nullable=False),
    Column("claimed_fen", BigInteger, nullable=False),
    Column("facts", Text, nullable=False),
    Column("facts_hash", String(64), nullable=False),
    Column("note", String(200), nullable=False, server_default=""),
    Column("frozen_by", BigId, ForeignKey("app_user.id")),
    Column("frozen_at", Instant, nullable=False),
    UniqueConstraint("community_id", "number"),
    Index("ix_claim_freeze_unit", "unit_id"),
)

APPEND_ONLY = (
    interruption,
    interruption_end,
    interruption_withdrawal,
    obstacle,
    obstacle_change,
    base_rate,
    claim_freeze,
)
