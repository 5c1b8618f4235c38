"""The part of the schema behind the counter: deposits, unclaimed money, shifts, and closed days and months."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from app.store.tables import MAX_FEN, _id, _ref, metadata
from app.store.types import BigId, CivilDate, Instant

# --- deposits: money that is not ours, never mixed with fees -----------------------------------------

deposit_kind = Table(
    "deposit_kind",
    metadata,
    _id(),
    _ref("community_id", "community"),
    Column("name", String(40), nullable=False),
    Column("amount_fen", BigInteger, nullable=False, server_default="0"),
    Column("is_active", Boolean, nullable=False, server_default=text("true")),
    UniqueConstraint("community_id", "name"),
    CheckConstraint("amount_fen >= 0", name="amount"),
)

deposit = Table(
    "deposit",
    metadata,
    _id(),
    _ref("community_id", "community"),
    _ref("unit_id", "unit"),
    _ref("kind_id", "deposit_kind"),
    Column("payer", String(80), nullable=False, server_default=""),
    Column("note", String(200), nullable=False, server_default=""),
    Column("recorded_at", Instant, nullable=False),
    _ref("recorded_by", "app_user"),
    Index("ix_deposit_unit", "unit_id"),
    Index("ix_deposit_community", "community_id", "id"),
)

# Each entry leans on the one before it, sum and all, so the database itself knows what is held and lets nobody hand
# out more: two entries cannot follow the same one, and a balance below nought is no row.
deposit_entry = Table(
    "deposit_entry",
    metadata,
    _id(),
    _ref("deposit_id", "deposit"),
    Column("seq", SmallInteger, nullable=False),
    Column("prev_seq", SmallInteger),
    Column("kind", String(12), nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("before_fen", BigInteger, nullable=False),
    Column("held_fen", BigInteger, nullable=False),
    Column("till_fen", BigInteger, nullable=False),
    Column("method", String(20), nullable=False),
    Column("reference", String(80), nullable=False, server_default=""),
    Column("value_on", CivilDate, nullable=False),
    Column("reason", String(200), nullable=False, server_default=""),
    Column("to_whom", String(80), nullable=False, server_default=""),
    _ref("reverses_id", "deposit_entry", nullable=True),
    _ref("document_id", "document", nullable=True),
    Column("recorded_at", Instant, nullable=False),
    _ref("recorded_by", "app_user"),
    UniqueConstraint("deposit_id", "seq"),
    UniqueConstraint("deposit_id", "seq", "held_fen"),
    UniqueConstraint("reverses_id"),
    ForeignKeyConstraint(
        ["deposit_id", "prev_seq", "before_fen"],
        ["deposit_entry.deposit_id", "deposit_entry.seq", "deposit_entry.held_fen"],
        name="fk_deposit_entry_previous",
    ),
    CheckConstraint("kind IN ('take', 'deduct', 'return', 'reversal')", name="kind"),
    CheckConstraint("held_fen = before_fen + amount_fen AND held_fen >= 0 AND amount_fen <> 0", name="held"),
    CheckConstraint(
        "(seq = 1 AND prev_seq IS NULL AND before_fen = 0 AND kind = 'take') OR (seq > 1 AND prev_seq = seq - 1)",
        name="chain",
    ),
    CheckConstraint("till_fen = 0 OR till_fen = amount_fen", name="till"),
    CheckConstraint("(kind = 'reversal') = (reverses_id IS NOT NULL)", name="reversal"),
    CheckConstraint(f"amount_fen <= {MAX_FEN}", name="amount"),
    Index("ix_deposit_entry_recorder", "recorded_by", "recorded_at"),
    Index("ix_deposit_entry_day", "value_on"),
)

# --- unclaimed: money received whose unit is not known -----------------------------------------------

unclaimed = Table(
    "unclaimed",
    metadata,
    _id(),
    _ref("community_id", "community"),
    Column("received_on", CivilDate, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("method", String(20), nullable=False),
    Column("payer", String(80), nullable=False, server_default=""),
    Column("reference", String(80), nullable=False, server_default=""),
    Column("note", String(200), nullable=False, server_default=""),
    Column("recorded_at", Instant, nullable=False),
    _ref("recorded_by", "app_user"),
    UniqueConstraint("id", "recorded_by", "amount_fen"),
    CheckConstraint(f"amount_fen > 0 AND amount_fen <= {MAX_FEN}", name="amount"),
    Index("ix_unclaimed_day", "community_id", "received_on"),
    Index("ix_unclaimed_recorder", "recorded_by", "recorded_at"),
)

# What was recorded by one person is matched or sent back by another.
unclaimed_entry = Table(
    "unclaimed_entry",
    metadata,
    _id(),
    Column("unclaimed_id", BigId, nullable=False),
    Column("taken_by", BigId, nullable=False),
    Column("total_fen", BigInteger, nullable=False),
    Column("seq", SmallInteger, nullable=False),
    Column("prev_seq", SmallInteger),
    Column("kind", String(12), nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("before_fen", BigInteger, nullable=False),
    Column("left_fen", BigInteger, nullable=False),
    _ref("payment_id", "payment", nullable=True),
    Column("method", String(20), nullable=False),
    Column("value_on", CivilDate, nullable=False),
    Column("to_whom", String(80), nullable=False, server_default=""),
    Column("reason", String(200), nullable=False, server_default=""),
    Column("recorded_at", Instant, nullable=False),
    _ref("recorded_by", "app_user"),
    UniqueConstraint("unclaimed_id", "seq"),
    UniqueConstraint("unclaimed_id", "seq", "left_fen"),
    UniqueConstraint("payment_id", "kind"),
    ForeignKeyConstraint(
        ["unclaimed_id", "taken_by", "total_fen"],
        ["unclaimed.id", "unclaimed.recorded_by", "unclaimed.amount_fen"],
        name="fk_unclaimed_entry_unclaimed",
    ),
    ForeignKeyConstraint(
        ["unclaimed_id", "prev_seq", "before_fen"],
        ["unclaimed_entry.unclaimed_id", "unclaimed_entry.seq", "unclaimed_entry.left_fen"],
        name="fk_unclaimed_entry_previous",
    ),
    CheckConstraint("kind IN ('match', 'restore', 'return')", name="kind"),
    CheckConstraint(
        "left_fen = before_fen + amount_fen AND left_fen >= 0 AND left_fen <= total_fen AND amount_fen <> 0",
        name="left",
    ),
    CheckConstraint(
        "(seq = 1 AND prev_seq IS NULL AND before_fen = total_fen) OR (seq > 1 AND prev_seq = seq - 1)", name="chain"
    ),
    CheckConstraint("kind = 'restore' OR recorded_by <> taken_by", name="second_person"),
    CheckConstraint("(kind = 'return') = (payment_id IS NULL)", name="payment"),
    Index("ix_unclaimed_entry_recorder", "recorded_by", "recorded_at"),
)

# --- shifts: each money row in exactly one of them ---------------------------------------------------

shift = Table(
    "shift",
    metadata,
    _id(),
    _ref("community_id", "community"),
    Column("number", String(24), nullable=False),
    _ref("cashier_id", "app_user"),
    Column("from_at", Instant, nullable=False),
    Column("until_at", Instant, nullable=False),
    Column("lines", Integer, nullable=False),
    Column("total_fen", BigInteger, nullable=False),
    Column("cash_fen", BigInteger, nullable=False),
    Column("counted_fen", BigInteger, nullable=False),
    Column("difference_fen", BigInteger, nullable=False),
    Column("pieces", Text, nullable=False),
    Column("totals", Text, nullable=False),
    Column("reason", String(200), nullable=False, server_default=""),
    _ref("document_id", "document"),
    UniqueConstraint("community_id", "number"),
    UniqueConstraint("id", "cashier_id"),
    CheckConstraint("difference_fen = counted_fen - cash_fen", name="difference"),
    CheckConstraint("difference_fen = 0 OR reason <> ''", name="reason"),
    CheckConstraint("lines > 0", name="lines"),
    Index("ix_shift_cashier", "cashier_id", "community_id", "until_at"),
)

# Where tills begin: what was recorded before that instant was handed over in the way the office had before.
till_opening = Table(
    "till_opening",
    metadata,
    _id(),
    _ref("community_id", "community"),
    Column("opened_at", Instant, nullable=False),
    UniqueConstraint("community_id"),
)

shift_line = Table(
    "shift_line",
    metadata,
    _id(),
    _ref("shift_id", "shift"),
    Column("kind", String(16), nullable=False),
    Column("row_id", BigInteger, nullable=False),
    Column("method", String(20), nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    UniqueConstraint("kind", "row_id"),
    CheckConstraint("kind IN ('payment', 'reversal', 'deposit', 'unclaimed', 'unclaimed_entry')", name="kind"),
    Index("ix_shift_line_shift", "shift_id"),
)

shift_confirmation = Table(
    "shift_confirmation",
    metadata,
    _id(),
    Column("shift_id", BigId, nullable=False),
    Column("cashier_id", BigId, nullable=False),
    _ref("confirmed_by", "app_user"),
    Column("confirmed_at", Instant, nullable=False),
    Column("note", String(200), nullable=False, server_default=""),
    UniqueConstraint("shift_id"),
    ForeignKeyConstraint(
        ["shift_id", "cashier_id"], ["shift.id", "shift.cashier_id"], name="fk_shift_confirmation_shift"
    ),
    CheckConstraint("confirmed_by <> cashier_id", name="second_person"),
)

# --- closed days and months: the newest version says which ------------------------------------------

period_close = Table(
    "period_close",
    metadata,
    _id(),
    _ref("community_id", "community"),
    Column("span", String(8), nullable=False),
    Column("first_on", CivilDate, nullable=False),
    Column("last_on", CivilDate, nullable=False),
    Column("version", SmallInteger, nullable=False),
    Column("is_closed", Boolean, nullable=False),
    Column("reason", String(200), nullable=False, server_default=""),
    Column("totals", Text, nullable=False, server_default="{}"),
    Column("heads_digest", String(64), nullable=False, server_default=""),
    _ref("document_id", "document", nullable=True),
    Column("recorded_at", Instant, nullable=False),
    _ref("recorded_by", "app_user"),
    UniqueConstraint("community_id", "span", "first_on", "version"),
    CheckConstraint("span IN ('day', 'month')", name="span"),
    CheckConstraint("first_on <= last_on", name="dates"),
    CheckConstraint("is_closed OR reason <> ''", name="reason"),
    CheckConstraint("version >= 1", name="version"),
    Index("ix_period_close_dates", "community_id", "last_on", "first_on"),
)

APPEND_ONLY = (
    deposit,
    deposit_entry,
    unclaimed,
    unclaimed_entry,
    shift,
    shift_line,
    shift_confirmation,
    till_opening,
    period_close,
)
