"""The register of deliveries: what was sent how, what came back, which addresses are good."""

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
from app.store.types import CivilDate, Instant

CHANNELS = "channel IN ('hand', 'ems', 'post', 'mailbox', 'door', 'email', 'message', 'page')"
STATES = "state IN ('made', 'printed', 'sent', 'accepted', 'delivered', 'refused', 'returned', 'read', 'signed')"

# Where an owner is reached, and who said so. The value lies sealed; the index finds equal ones without opening any.
delivery_address = Table(
    "delivery_address",
    metadata,
    _id(),
    _ref("community_id", "community"),
    _ref("unit_id", "unit"),
    _ref("person_id", "person", nullable=True),
    Column("kind", String(10), nullable=False),
    Column("value_sealed", LargeBinary, nullable=False),
    Column("value_mask", String(200), nullable=False),
    Column("value_index", LargeBinary, nullable=False),
    Column("row_key", String(32), nullable=False, unique=True),
    Column("basis", String(16), nullable=False),
    Column("note", String(200), nullable=False, server_default=""),
    Column("from_on", CivilDate, nullable=False),
    Column("until_on", CivilDate, nullable=False),
    # set while it is known not to reach the owner: nothing is sent there
    Column("bad_on", CivilDate),
    Column("bad_reason", String(200), nullable=False, server_default=""),
    Column("recorded_at", Instant, nullable=False),
    Column("recorded_by", BigInteger),
    CheckConstraint("kind IN ('address', 'phone', 'email')", name="kind"),
    CheckConstraint("basis IN ('confirmed', 'contract', 'code', 'register', 'unit')", name="basis"),
    CheckConstraint("from_on <= until_on", name="in_order"),
    Index("ix_delivery_address_unit", "unit_id", "kind"),
    Index("ix_delivery_address_bad", "community_id", "bad_on"),
)

# What became of an address: a mistake is undone by a further row, never by taking one away.
delivery_address_event = Table(
    "delivery_address_event",
    metadata,
    _id(),
    _ref("address_id", "delivery_address"),
    Column("kind", String(12), nullable=False),
    Column("happened_on", CivilDate, nullable=False),
    Column("reason", String(200), nullable=False, server_default=""),
    Column("delivery_id", BigInteger),
    Column("recorded_at", Instant, nullable=False),
    Column("recorded_by", BigInteger),
    CheckConstraint("kind IN ('recorded', 'flagged', 'cleared', 'ended', 'resumed')", name="kind"),
    Index("ix_delivery_address_event_address", "address_id"),
)

# One attempt to bring one notice to its owner by one channel; state and proof follow from its events.
delivery = Table(
    "delivery",
    metadata,
    _id(),
    _ref("community_id", "community"),
    _ref("unit_id", "unit"),
    _ref("notice_id", "notice"),
    _ref("batch_id", "notice_batch"),
    Column("level", SmallInteger, nullable=False),
    Column("channel", String(10), nullable=False),
    Column("attempt", SmallInteger, nullable=False),
    _ref("address_id", "delivery_address", nullable=True),
    Column("to_address", String(200), nullable=False, server_default=""),
    Column("post_number", String(40), nullable=False, server_default=""),
    Column("content_line", String(120), nullable=False, server_default=""),
    Column("state", String(12), nullable=False, server_default="made"),
    Column("state_on", CivilDate, nullable=False),
    Column("dispatched_on", CivilDate),
    Column("arrived_on", CivilDate),
    Column("signed_on", CivilDate),
    Column("has_content", Boolean, nullable=False, server_default=text("false")),
    Column("strength", String(1), nullable=False, server_default=""),
    Column("source", String(60), nullable=False, server_default=""),
    Column("opened_at", Instant, nullable=False),
    Column("opened_by", BigInteger),
    UniqueConstraint("notice_id", "channel", "attempt"),
    CheckConstraint(CHANNELS, name="channel"),
    CheckConstraint(STATES, name="state"),
    CheckConstraint("strength IN ('', 'A', 'B', 'C', 'D')", name="strength"),
    # what was only posted is never more than an effort
    CheckConstraint("channel NOT IN ('mailbox', 'door') OR (arrived_on IS NULL AND signed_on IS NULL)", name="posted"),
    Index("ix_delivery_state", "community_id", "state"),
    Index("ix_delivery_unit", "unit_id"),
    Index("ix_delivery_batch", "batch_id"),
    Index(
        "uq_delivery_post_number",
        "post_number",
        unique=True,
        sqlite_where=text("post_number <> ''"),
        postgresql_where=text("post_number <> ''"),
    ),
)

delivery_event = Table(
    "delivery_event",
    metadata,
    _id(),
    _ref("delivery_id", "delivery"),
    _ref("unit_id", "unit"),
    Column("kind", String(12), nullable=False),
    Column("happened_on", CivilDate, nullable=False),
    Column("happened_at", Instant),
    Column("facts", Text, nullable=False, server_default="{}"),
    Column("files", Text, nullable=False, server_default="[]"),
    # what the same news would be called if it came twice
    Column("source_key", String(64), unique=True),
    _ref("corrects_id", "delivery_event", nullable=True),
    Column("recorded_at", Instant, nullable=False),
    Column("recorded_by", BigInteger),
    UniqueConstraint("corrects_id"),
    CheckConstraint("(kind = 'corrected') = (corrects_id IS NOT NULL)", name="corrects"),
    Index("ix_delivery_event_delivery", "delivery_id"),
    Index("ix_delivery_event_unit", "unit_id"),
)

# A file of the post office that was read: what went in, and every row that did not, with the reason.
delivery_import = Table(
    "delivery_import",
    metadata,
    _id(),
    _ref("community_id", "community"),
    Column("file_name", String(200), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("rows", Integer, nullable=False),
    Column("filed", Integer, nullable=False),
    Column("repeated", Integer, nullable=False),
    Column("problems", Text, nullable=False, server_default="[]"),
    Column("recorded_at", Instant, nullable=False),
    Column("recorded_by", BigInteger),
    Index("ix_delivery_import_community", "community_id"),
)

APPEND_ONLY = (delivery_address_event, delivery_event, delivery_import)
