"""What owners do on their page: codes and visits, reading and signing of notices, requests with events, payments."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from app.store.tables import MAX_FEN, _id, _ref, metadata
from app.store.types import BigId, CivilDate, Instant

# A code is written down for every number that is typed, known or not: both cost the same and look the same.
owner_code = Table(
    "owner_code",
    metadata,
    _id(),
    Column("phone_index", LargeBinary, nullable=False),
    Column("phone_mask", String(24), nullable=False),
    Column("challenge_hash", LargeBinary, nullable=False, unique=True),
    Column("code_hash", LargeBinary, nullable=False),
    Column("is_known", Boolean, nullable=False),
    Column("tries", SmallInteger, nullable=False, server_default="0"),
    Column("ip", String(45), nullable=False, server_default=""),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("used_at", Instant),
    CheckConstraint("tries >= 0 AND tries <= 5", name="tries"),
    Index("ix_owner_code_phone", "phone_index", "created_at"),
    Index("ix_owner_code_ip", "ip", "created_at"),
)

# A session opened by a code: it reaches whatever the holder of the number owns at the moment of asking.
owner_visit = Table(
    "owner_visit",
    metadata,
    _id(),
    Column("token_hash", LargeBinary, nullable=False, unique=True),
    _ref("owner_code_id", "owner_code"),
    Column("phone_index", LargeBinary, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("ip", String(45), nullable=False, server_default=""),
    Column("agent", String(200), nullable=False, server_default=""),
    Index("ix_owner_visit_phone", "phone_index"),
)

notice_reading = Table(
    "notice_reading",
    metadata,
    _id(),
    _ref("notice_id", "notice"),
    _ref("unit_id", "unit"),
    Column("document_sha256", String(64), nullable=False),
    Column("visit", String(24), nullable=False),
    Column("read_at", Instant, nullable=False),
    Column("ip", String(45), nullable=False, server_default=""),
    Column("agent", String(200), nullable=False, server_default=""),
    UniqueConstraint("notice_id", "visit"),
    Index("ix_notice_reading_unit", "unit_id"),
)

acknowledgement = Table(
    "acknowledgement",
    metadata,
    _id(),
    _ref("notice_id", "notice"),
    _ref("unit_id", "unit"),
    _ref("community_id", "community"),
    Column("channel", String(12), nullable=False, server_default="screen"),
    # a further slip by the same channel is possible once the one before it was withdrawn
    Column("nth", SmallInteger, nullable=False, server_default="1"),
    Column("document_sha256", String(64), nullable=False),
    Column("signed_name", String(80), nullable=False),
    Column("is_owner_name", Boolean, nullable=False),
    Column("strokes", Text, nullable=False, server_default="[]"),
    Column("picture_sha256", String(64), nullable=False, server_default=""),
    Column("record_sha256", String(64), nullable=False),
    Column("visit", String(24), nullable=False),
    Column("signed_at", Instant, nullable=False),
    Column("ip", String(45), nullable=False, server_default=""),
    Column("agent", String(200), nullable=False, server_default=""),
    UniqueConstraint("notice_id", "channel", "nth"),
    CheckConstraint("channel IN ('screen', 'paper', 'door')", name="channel"),
    Index("ix_acknowledgement_unit", "unit_id"),
)

owner_request = Table(
    "owner_request",
    metadata,
    _id(),
    _ref("community_id", "community"),
    _ref("unit_id", "unit"),
    Column("number", String(24), nullable=False),
    Column("row_key", String(32), nullable=False, unique=True),
    Column("kind", String(16), nullable=False),
    Column("state", String(12), nullable=False, server_default="open"),
    Column("bill_ids", Text, nullable=False, server_default="[]"),
    Column("topic", String(40), nullable=False, server_default=""),
    Column("text_sealed", LargeBinary, nullable=False),
    Column("months", SmallInteger),
    Column("first_on", CivilDate),
    Column("due_on", CivilDate, nullable=False),
    Column("is_restricted", Boolean, nullable=False, server_default=text("false")),
    Column("visit", String(24), nullable=False, server_default=""),
    Column("made_at", Instant, nullable=False),
    Column("outcome", String(20), nullable=False, server_default=""),
    Column("answer", Text, nullable=False, server_default=""),
    Column("answered_by", BigId, ForeignKey("app_user.id")),
    Column("answered_at", Instant),
    Column("hold_id", BigId, ForeignKey("adjustment.id")),
    UniqueConstraint("community_id", "number"),
    CheckConstraint("kind IN ('dispute', 'instalments', 'hardship', 'correction')", name="kind"),
    CheckConstraint("state IN ('open', 'answered', 'closed', 'withdrawn')", name="state"),
    CheckConstraint("state <> 'answered' OR (answered_by IS NOT NULL AND answer <> '')", name="answered"),
    Index("ix_owner_request_due", "community_id", "state", "due_on"),
    Index("ix_owner_request_unit", "unit_id", "made_at"),
)

owner_request_event = Table(
    "owner_request_event",
    metadata,
    _id(),
    _ref("request_id", "owner_request"),
    Column("kind", String(20), nullable=False),
    Column("at", Instant, nullable=False),
    Column("actor", String(60), nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    Index("ix_owner_request_event_request", "request_id"),
)

payment_intent = Table(
    "payment_intent",
    metadata,
    _id(),
    _ref("community_id", "community"),
    _ref("unit_id", "unit"),
    Column("reference", String(40), nullable=False, unique=True),
    Column("gateway", String(20), nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("bill_ids", Text, nullable=False, server_default="[]"),
    Column("state", String(12), nullable=False, server_default="waiting"),
    Column("visit", String(24), nullable=False, server_default=""),
    Column("made_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("payment_id", BigId, ForeignKey("payment.id"), unique=True),
    Column("paid_at", Instant),
    CheckConstraint(f"amount_fen > 0 AND amount_fen <= {MAX_FEN}", name="amount"),
    CheckConstraint("state IN ('waiting', 'paid', 'failed')", name="state"),
    CheckConstraint("(state = 'paid') = (payment_id IS NOT NULL)", name="paid"),
    Index("ix_payment_intent_unit", "unit_id"),
)

# What a gateway told us, word by word as a hash: kept before it is answered, and never taken twice.
payment_callback = Table(
    "payment_callback",
    metadata,
    _id(),
    Column("gateway", String(20), nullable=False),
    Column("event_id", String(80), nullable=False),
    Column("reference", String(40), nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("outcome", String(20), nullable=False),
    Column("body_sha256", String(64), nullable=False),
    Column("received_at", Instant, nullable=False),
    UniqueConstraint("gateway", "event_id"),
    Index("ix_payment_callback_reference", "reference"),
)

APPEND_ONLY = (notice_reading, acknowledgement, owner_request_event, payment_callback)
