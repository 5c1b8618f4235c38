"""Scanned slips, the queue of those to look at, and signatures taken at the door."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, SmallInteger, String, Table, Text, UniqueConstraint

from app.store.tables import _id, _ref, metadata
from app.store.types import CivilDate, Instant

# One file as it was handed in: the original lies byte for byte in the store of files under its hash.
scan_batch = Table(
    "scan_batch",
    metadata,
    _id(),
    _ref("community_id", "community"),
    Column("file_name", String(200), nullable=False),
    Column("media_type", String(80), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("pages", SmallInteger, nullable=False, server_default="0"),
    Column("state", String(10), nullable=False, server_default="waiting"),
    Column("failure", String(200), nullable=False, server_default=""),
    _ref("uploaded_by", "app_user"),
    Column("uploaded_at", Instant, nullable=False),
    Column("read_at", Instant),
    # the same file handed in twice is the same scan
    UniqueConstraint("community_id", "sha256"),
    CheckConstraint("state IN ('waiting', 'done', 'failed')", name="state"),
    Index("ix_scan_batch_state", "state"),
)

# One slip found on a page, or a page on which none was found (place 0).
scan_slip = Table(
    "scan_slip",
    metadata,
    _id(),
    _ref("batch_id", "scan_batch"),
    _ref("community_id", "community"),
    Column("page", SmallInteger, nullable=False),
    Column("place", SmallInteger, nullable=False),
    Column("number", String(24), nullable=False, server_default=""),
    _ref("notice_id", "notice", nullable=True),
    _ref("unit_id", "unit", nullable=True),
    Column("state", String(10), nullable=False),
    # working copies cut out of the original; it stands in parent_sha256
    Column("parent_sha256", String(64), nullable=False),
    Column("slip_sha256", String(64), nullable=False, server_default=""),
    Column("ticks_sha256", String(64), nullable=False, server_default=""),
    Column("signature_sha256", String(64), nullable=False, server_default=""),
    Column("reading", Text, nullable=False, server_default="{}"),
    Column("found_at", Instant, nullable=False),
    UniqueConstraint("batch_id", "page", "place"),
    CheckConstraint(
        "state IN ('found', 'unknown', 'double', 'unreadable', 'confirmed', 'rejected')",
        name="state",
    ),
    CheckConstraint("state NOT IN ('found', 'double', 'confirmed') OR notice_id IS NOT NULL", name="filed"),
    Index("ix_scan_slip_state", "community_id", "state"),
    Index("ix_scan_slip_notice", "notice_id"),
)

# A person's word on a slip: a mistake is undone by a further row.
scan_decision = Table(
    "scan_decision",
    metadata,
    _id(),
    _ref("slip_id", "scan_slip"),
    _ref("community_id", "community"),
    Column("kind", String(10), nullable=False),
    _ref("notice_id", "notice", nullable=True),
    Column("received_on", CivilDate),
    Column("facts", Text, nullable=False, server_default="{}"),
    Column("reason", String(200), nullable=False, server_default=""),
    _ref("delivery_event_id", "delivery_event", nullable=True),
    _ref("acknowledgement_id", "acknowledgement", nullable=True),
    _ref("undoes_id", "scan_decision", nullable=True),
    Column("decided_at", Instant, nullable=False),
    _ref("decided_by", "app_user"),
    UniqueConstraint("undoes_id"),
    CheckConstraint("kind IN ('numbered', 'confirmed', 'rejected', 'undone')", name="kind"),
    CheckConstraint("(kind = 'undone') = (undoes_id IS NOT NULL)", name="undone"),
    CheckConstraint("kind <> 'confirmed' OR (delivery_event_id IS NOT NULL AND received_on IS NOT NULL)", name="proof"),
    Index("ix_scan_decision_slip", "slip_id"),
)

# A slip that was filed wrongly proves nothing any more; the row itself stays as it was written.
acknowledgement_withdrawal = Table(
    "acknowledgement_withdrawal",
    metadata,
    _id(),
    _ref("acknowledgement_id", "acknowledgement"),
    Column("reason", String(200), nullable=False),
    Column("withdrawn_at", Instant, nullable=False),
    _ref("withdrawn_by", "app_user"),
    UniqueConstraint("acknowledgement_id"),
)

# What was recorded around a signature given at the door: where the strokes came from and what was shown.
door_signing = Table(
    "door_signing",
    metadata,
    _id(),
    _ref("acknowledgement_id", "acknowledgement"),
    _ref("notice_id", "notice"),
    _ref("delivery_event_id", "delivery_event"),
    Column("row_key", String(32), nullable=False, unique=True),
    Column("relation", String(10), nullable=False),
    Column("context", Text, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("photo_sha256", String(64), nullable=False, server_default=""),
    Column("signed_at", Instant, nullable=False),
    _ref("witnessed_by", "app_user"),
    UniqueConstraint("acknowledgement_id"),
    Index("ix_door_signing_notice", "notice_id"),
)

APPEND_ONLY = (scan_decision, acknowledgement_withdrawal, door_signing)
