"""Versions of the procedure and its wording, what became of a batch on paper, and the budget of waivers."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from app.store.tables import _id, _ref, metadata
from app.store.types import BigId, CivilDate, Instant

procedure_version = Table(
    "procedure_version",
    metadata,
    _id(),
    _ref("community_id", "community"),
    Column("number", SmallInteger, nullable=False),
    Column("state", String(12), nullable=False, server_default="draft"),
    Column("from_on", CivilDate, nullable=False),
    Column("note", String(200), nullable=False, server_default=""),
    Column("created_by", BigId, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("published_by", BigId),
    Column("published_at", Instant),
    UniqueConstraint("community_id", "number"),
    CheckConstraint("published_by IS NULL OR published_by <> created_by", name="second_person"),
    CheckConstraint("state IN ('draft', 'published', 'discarded')", name="state"),
    CheckConstraint("state <> 'published' OR published_by IS NOT NULL", name="published"),
    Index("ix_procedure_version_force", "community_id", "state", "from_on"),
)

procedure_version_level = Table(
    "procedure_version_level",
    metadata,
    _id(),
    _ref("version_id", "procedure_version"),
    Column("level", SmallInteger, nullable=False),
    Column("min_days", SmallInteger, nullable=False),
    Column("min_amount_fen", BigInteger, nullable=False, server_default="0"),
    Column("pause_days", SmallInteger, nullable=False, server_default="15"),
    Column("tone", String(20), nullable=False),
    Column("deadline_days", SmallInteger, nullable=False, server_default="15"),
    Column("is_active", Boolean, nullable=False, server_default=text("true")),
    UniqueConstraint("version_id", "level"),
)

wording_version = Table(
    "wording_version",
    metadata,
    _id(),
    _ref("community_id", "community"),
    Column("tone", String(20), nullable=False),
    Column("number", SmallInteger, nullable=False),
    Column("state", String(12), nullable=False, server_default="draft"),
    Column("opening", Text, nullable=False, server_default=""),
    Column("closing", Text, nullable=False, server_default=""),
    Column("contact", Text, nullable=False, server_default=""),
    Column("note", String(200), nullable=False, server_default=""),
    Column("created_by", BigId, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("published_by", BigId),
    Column("published_at", Instant),
    UniqueConstraint("community_id", "tone", "number"),
    CheckConstraint("published_by IS NULL OR published_by <> created_by", name="second_person"),
    CheckConstraint("state IN ('draft', 'published', 'discarded')", name="state"),
    CheckConstraint("state <> 'published' OR published_by IS NOT NULL", name="published"),
)

notice_batch_release = Table(
    "notice_batch_release",
    metadata,
    _ref("batch_id", "notice_batch"),
    Column("drafted_by", BigId),
    Column("released_by", BigId, nullable=False),
    Column("released_at", Instant, nullable=False),
    UniqueConstraint("batch_id"),
    CheckConstraint("drafted_by IS NULL OR drafted_by <> released_by", name="second_person"),
)

notice_print_file = Table(
    "notice_print_file",
    metadata,
    _id(),
    _ref("batch_id", "notice_batch"),
    Column("part", SmallInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("notices", Integer, nullable=False),
    Column("pages", Integer, nullable=False),
    Column("first_number", String(24), nullable=False),
    Column("last_number", String(24), nullable=False),
    Column("made_at", Instant, nullable=False),
    UniqueConstraint("batch_id", "part"),
)

notice_print_log = Table(
    "notice_print_log",
    metadata,
    _id(),
    _ref("batch_id", "notice_batch"),
    Column("document_id", BigId),
    Column("part", SmallInteger),
    Column("sha256", String(64), nullable=False),
    Column("reason", String(200), nullable=False, server_default=""),
    Column("printed_by", BigId, nullable=False),
    Column("printed_at", Instant, nullable=False),
    Index("ix_notice_print_log_batch", "batch_id"),
)

waiver_budget = Table(
    "waiver_budget",
    metadata,
    _id(),
    _ref("community_id", "community"),
    Column("year", SmallInteger, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("note", String(200), nullable=False, server_default=""),
    Column("set_by", BigId, nullable=False),
    Column("set_at", Instant, nullable=False),
    Index("ix_waiver_budget_year", "community_id", "year"),
    CheckConstraint("amount_fen >= 0", name="amount"),
)

waiver_message = Table(
    "waiver_message",
    metadata,
    _id(),
    _ref("request_id", "waiver_request"),
    Column("kind", String(10), nullable=False),
    Column("text", Text, nullable=False),
    Column("written_by", BigId, nullable=False),
    Column("written_at", Instant, nullable=False),
    Index("ix_waiver_message_request", "request_id"),
    CheckConstraint("kind IN ('question', 'answer')", name="kind"),
)

APPEND_ONLY = (
    notice_batch_release,
    notice_print_log,
    waiver_budget,
    waiver_message,
    procedure_version_level,
)
