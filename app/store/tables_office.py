"""The part of the schema that is not ledger: people at work, documents, batches, imports and jobs."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from app.store.tables import _id, _ref, metadata
from app.store.types import BigId, CivilDate, Instant

# --- people at work -------------------------------------------------------------------------------

app_user = Table(
    "app_user",
    metadata,
    _id(),
    Column("login", String(60), nullable=False, unique=True),
    Column("name", String(60), nullable=False),
    Column("role", String(20), nullable=False),
    Column("password_hash", String(200), nullable=False),
    Column("is_active", Boolean, nullable=False, server_default=text("true")),
    Column("waiver_limit_fen", BigInteger, nullable=False, server_default="0"),
    # false and no row in user_community: this person sees no community at all
    Column("all_communities", Boolean, nullable=False, server_default=text("false")),
    Column("theme", String(10), nullable=False, server_default="auto"),
    Column("density", String(10), nullable=False, server_default="compact"),
    Column("created_at", Instant, nullable=False),
)

user_community = Table(
    "user_community",
    metadata,
    _id(),
    _ref("user_id", "app_user"),
    _ref("community_id", "community"),
    UniqueConstraint("user_id", "community_id"),
)

user_session = Table(
    "user_session",
    metadata,
    _id(),
    Column("token_hash", LargeBinary, nullable=False, unique=True),
    _ref("user_id", "app_user"),
    _ref("community_id", "community", nullable=True),
    Column("created_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("reauth_at", Instant),
    Column("ended_at", Instant),
    Column("ip", String(45), nullable=False, server_default=""),
    Column("agent", String(200), nullable=False, server_default=""),
    Column("flash", Text, nullable=False, server_default=""),
    # the password was right and the second factor is still to come: opens nothing
    Column("is_pending", Boolean, nullable=False, server_default=text("false")),
    # a form that waits, sealed, until the person has confirmed who they are
    Column("parked", LargeBinary),
    Column("parked_at", Instant),
    Index("ix_user_session_user", "user_id"),
)

login_counter = Table(
    "login_counter",
    metadata,
    Column("subject", String(120), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("window_started_at", Instant, nullable=False),
    Column("locked_until_at", Instant),
)

audit_event = Table(
    "audit_event",
    metadata,
    _id(),
    Column("at", Instant, nullable=False),
    Column("actor", String(60), nullable=False),
    Column("action", String(60), nullable=False),
    Column("subject", String(120), nullable=False, server_default=""),
    Column("facts", Text, nullable=False, server_default="{}"),
    Column("community_id", BigId),
    Index("ix_audit_event_at", "at"),
    Index("ix_audit_event_actor", "actor"),
    Index("ix_audit_event_action", "action"),
    Index("ix_audit_event_community", "community_id"),
    Index("ix_audit_event_subject", "subject"),
)

owner_token = Table(
    "owner_token",
    metadata,
    _id(),
    Column("token_hash", LargeBinary, nullable=False, unique=True),
    _ref("unit_id", "unit"),
    _ref("notice_id", "notice", nullable=True),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("revoked_at", Instant),
    Index("ix_owner_token_unit", "unit_id"),
)

owner_session = Table(
    "owner_session",
    metadata,
    _id(),
    Column("token_hash", LargeBinary, nullable=False, unique=True),
    _ref("owner_token_id", "owner_token"),
    _ref("unit_id", "unit"),
    Column("created_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("ip", String(45), nullable=False, server_default=""),
    Column("agent", String(200), nullable=False, server_default=""),
)

# --- keys, numbers, files -------------------------------------------------------------------------

idempotency_key = Table(
    "idempotency_key",
    metadata,
    Column("key", String(80), primary_key=True),
    Column("scope", String(40), nullable=False),
    Column("request_hash", String(64), nullable=False),
    Column("result", Text, nullable=False, server_default="{}"),
    Column("created_at", Instant, nullable=False),
)

number_counter = Table(
    "number_counter",
    metadata,
    _ref("community_id", "community"),
    Column("kind", String(20), nullable=False),
    Column("year", SmallInteger, nullable=False),
    Column("last", Integer, nullable=False),
    UniqueConstraint("community_id", "kind", "year"),
)

document = Table(
    "document",
    metadata,
    _id(),
    _ref("community_id", "community"),
    _ref("unit_id", "unit", nullable=True),
    Column("kind", String(20), nullable=False),
    Column("number", String(24), nullable=False),
    Column("payment_id", BigId),
    Column("facts", Text, nullable=False),
    Column("facts_hash", String(64), nullable=False),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("community_id", "kind", "number"),
    Index("ix_document_payment", "payment_id"),
    Index("ix_document_unit", "unit_id"),
)

document_file = Table(
    "document_file",
    metadata,
    _ref("document_id", "document"),
    Column("sha256", String(64), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("pages", SmallInteger, nullable=False, server_default="0"),
    Column("rendered_at", Instant, nullable=False),
    UniqueConstraint("document_id"),
)

stored_file = Table(
    "stored_file",
    metadata,
    _id(),
    Column("sha256", String(64), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("media_type", String(80), nullable=False),
    Column("name", String(200), nullable=False),
    Column("subject", String(60), nullable=False),
    Column("stored_at", Instant, nullable=False),
    Column("stored_by", BigId),
    Column("shown_sha256", String(64), nullable=False, server_default=""),
    Column("is_encrypted", Boolean, nullable=False, server_default=text("false")),
    Index("ix_stored_file_subject", "subject"),
)

# --- waiver and discount requests -----------------------------------------------------------------

waiver_request = Table(
    "waiver_request",
    metadata,
    _id(),
    _ref("community_id", "community"),
    _ref("unit_id", "unit"),
    Column("kind", String(24), nullable=False),
    Column("bill_ids", Text, nullable=False),
    Column("amount_fen", BigInteger),
    Column("ratio", String(40)),
    Column("pay_by_on", CivilDate),
    Column("is_retroactive", Boolean, nullable=False, server_default=text("false")),
    Column("value_on", CivilDate, nullable=False),
    Column("reason_code", String(40), nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    Column("facts", Text, nullable=False),
    Column("effect_fen", BigInteger, nullable=False),
    Column("state", String(12), nullable=False, server_default="requested"),
    Column("requested_by", BigId, nullable=False),
    Column("requested_at", Instant, nullable=False),
    Column("decided_by", BigId),
    Column("decided_at", Instant),
    Column("decision_note", Text, nullable=False, server_default=""),
    Column("expires_on", CivilDate),
    Column("effect_lines", Text, nullable=False, server_default="[]"),
    Column("most_fen", BigInteger, nullable=False, server_default="0"),
    CheckConstraint("decided_by IS NULL OR decided_by <> requested_by", name="second_person"),
    CheckConstraint(
        "state IN ('requested', 'approved', 'refused', 'met', 'lapsed', 'undone', 'expired', 'withdrawn')",
        name="state",
    ),
    CheckConstraint("state NOT IN ('approved', 'refused', 'met', 'lapsed') OR decided_by IS NOT NULL", name="decided"),
    Index("ix_waiver_request_state", "community_id", "state"),
    Index("ix_waiver_request_decided", "community_id", "decided_at"),
    Index("ix_waiver_request_unit", "unit_id"),
)

# --- notices --------------------------------------------------------------------------------------

procedure_level = Table(
    "procedure_level",
    metadata,
    _id(),
    _ref("community_id", "community"),
    Column("level", SmallInteger, nullable=False),
    Column("min_days", SmallInteger, nullable=False),
    Column("min_amount_fen", BigInteger, nullable=False, server_default="0"),
    Column("pause_days", SmallInteger, nullable=False, server_default="15"),
    Column("tone", String(20), nullable=False),
    Column("deadline_days", SmallInteger, nullable=False, server_default="15"),
    Column("is_active", Boolean, nullable=False, server_default=text("true")),
    UniqueConstraint("community_id", "level"),
)

unit_level = Table(
    "unit_level",
    metadata,
    _id(),
    _ref("unit_id", "unit"),
    Column("level", SmallInteger, nullable=False),
    Column("reached_on", CivilDate, nullable=False),
    Column("superseded_by", SmallInteger),
    UniqueConstraint("unit_id", "level", "reached_on"),
)

notice_batch = Table(
    "notice_batch",
    metadata,
    _id(),
    _ref("community_id", "community"),
    Column("level", SmallInteger, nullable=False),
    Column("tone", String(20), nullable=False),
    Column("as_of", CivilDate, nullable=False),
    Column("deadline_on", CivilDate, nullable=False),
    Column("state", String(12), nullable=False, server_default="draft"),
    Column("criteria", Text, nullable=False, server_default="{}"),
    Column("source", String(12), nullable=False, server_default="office"),
    Column("created_by", BigId),
    Column("created_at", Instant, nullable=False),
    Column("released_by", BigId),
    Column("released_at", Instant),
    Column("print_sha256", String(64)),
    Column("procedure_version_id", BigId),
    Column("wording_id", BigId),
    Column("cancelled_by", BigId),
    Column("cancelled_at", Instant),
    CheckConstraint("state IN ('draft', 'released', 'done', 'cancelled')", name="state"),
    Index("ix_notice_batch_state", "community_id", "state"),
)

notice_batch_unit = Table(
    "notice_batch_unit",
    metadata,
    _id(),
    _ref("batch_id", "notice_batch"),
    _ref("unit_id", "unit"),
    Column("state", String(12), nullable=False, server_default="selected"),
    Column("skip_reason", String(60), nullable=False, server_default=""),
    Column("selected_fen", BigInteger, nullable=False, server_default="0"),
    Column("overruled", String(12), nullable=False, server_default=""),
    Column("overrule_reason", String(200), nullable=False, server_default=""),
    Column("overruled_by", BigId),
    Column("overruled_at", Instant),
    Column("failure", String(200), nullable=False, server_default=""),
    UniqueConstraint("batch_id", "unit_id"),
)

notice = Table(
    "notice",
    metadata,
    _id(),
    _ref("batch_id", "notice_batch"),
    _ref("community_id", "community"),
    _ref("unit_id", "unit"),
    _ref("document_id", "document"),
    Column("number", String(24), nullable=False),
    Column("level", SmallInteger, nullable=False),
    Column("nth", SmallInteger, nullable=False),
    Column("as_of", CivilDate, nullable=False),
    Column("deadline_on", CivilDate, nullable=False),
    Column("principal_fen", BigInteger, nullable=False),
    Column("late_charge_fen", BigInteger, nullable=False),
    UniqueConstraint("unit_id", "level", "as_of"),
    UniqueConstraint("community_id", "number"),
    Index("ix_notice_unit", "unit_id"),
    Index("ix_notice_batch", "batch_id"),
)

notice_bill = Table(
    "notice_bill",
    metadata,
    _id(),
    _ref("notice_id", "notice"),
    _ref("bill_id", "bill"),
    Column("principal_fen", BigInteger, nullable=False),
    Column("late_charge_fen", BigInteger, nullable=False),
    UniqueConstraint("notice_id", "bill_id"),
)

# --- imports, jobs, leader ------------------------------------------------------------------------

import_batch = Table(
    "import_batch",
    metadata,
    _id(),
    _ref("community_id", "community", nullable=True),
    Column("file_name", String(200), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("state", String(12), nullable=False),
    Column("summary", Text, nullable=False, server_default="{}"),
    Column("created_by", BigId),
    Column("created_at", Instant, nullable=False),
    Column("undone_at", Instant),
    Column("undone_by", BigId),
    Index("ix_import_batch_sha", "sha256"),
    CheckConstraint("state IN ('committed', 'undone')", name="state"),
)

job = Table(
    "job",
    metadata,
    _id(),
    Column("kind", String(24), nullable=False),
    Column("subject", String(60), nullable=False),
    Column("state", String(12), nullable=False, server_default="waiting"),
    Column("total", Integer, nullable=False, server_default="0"),
    Column("done", Integer, nullable=False, server_default="0"),
    Column("message", Text, nullable=False, server_default=""),
    Column("created_at", Instant, nullable=False),
    Column("started_at", Instant),
    Column("finished_at", Instant),
    Column("lease_until_at", Instant),
    Column("worker", String(60), nullable=False, server_default=""),
    Column("community_id", BigId),
    Column("started_by", BigId),
    Column("log", Text, nullable=False, server_default=""),
    Column("result", String(200), nullable=False, server_default=""),
    Column("cancel_asked_at", Instant),
    Index("ix_job_state", "state"),
    UniqueConstraint("kind", "subject"),
    CheckConstraint("state IN ('waiting', 'running', 'done', 'failed', 'cancelled')", name="state"),
)

nightly_run = Table(
    "nightly_run",
    metadata,
    _id(),
    Column("business_on", CivilDate, nullable=False, unique=True),
    Column("started_at", Instant, nullable=False),
    Column("finished_at", Instant),
    Column("accounts", Integer, nullable=False, server_default="0"),
    Column("problems", Text, nullable=False, server_default="[]"),
)

lease = Table(
    "lease",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("holder", String(80), nullable=False),
    Column("expires_at", Instant, nullable=False),
)
