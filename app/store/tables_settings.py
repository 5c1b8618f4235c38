"""What the office's own settings keep: steps of setting up, backups taken and drilled, checks of the books."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from app.store.tables import _id, _ref, metadata
from app.store.types import BigId, Instant

setup_step = Table(
    "setup_step",
    metadata,
    _id(),
    _ref("community_id", "community"),
    Column("step", String(20), nullable=False),
    Column("note", String(200), nullable=False, server_default=""),
    Column("done_by", BigId, nullable=False),
    Column("done_at", Instant, nullable=False),
    UniqueConstraint("community_id", "step"),
    CheckConstraint("step IN ('opening', 'trial')", name="step"),
)

care_run = Table(
    "care_run",
    metadata,
    _id(),
    Column("kind", String(12), nullable=False),
    Column("file_name", String(120), nullable=False, server_default=""),
    Column("sha256", String(64), nullable=False, server_default=""),
    Column("rows", BigInteger, nullable=False, server_default="0"),
    Column("files", Integer, nullable=False, server_default="0"),
    Column("size", BigInteger, nullable=False, server_default="0"),
    Column("problems", Text, nullable=False, server_default="[]"),
    Column("is_sound", Boolean, nullable=False, server_default=text("false")),
    Column("failure", String(60), nullable=False, server_default=""),
    Column("started_by", String(60), nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("finished_at", Instant),
    Index("ix_care_run_kind", "kind", "started_at"),
    CheckConstraint("kind IN ('backup', 'drill', 'check')", name="kind"),
)
