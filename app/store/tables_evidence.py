"""The chain of evidence of each unit, its daily roots, timestamps and sealed documents."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from app.store.tables import _id, _ref, metadata
from app.store.types import BigId, CivilDate, Instant

# What happened to a unit's claim, in the words of whoever wrote it down.
evidence_entry = Table(
    "evidence_entry",
    metadata,
    _id(),
    _ref("community_id", "community"),
    _ref("unit_id", "unit"),
    Column("kind", String(40), nullable=False),
    Column("subject_kind", String(40), nullable=False),
    Column("subject_id", BigInteger, nullable=False),
    Column("facts", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Index("ix_evidence_entry_unit", "unit_id"),
    Index("ix_evidence_entry_subject", "subject_kind", "subject_id"),
)

# One row an entry, in the order of the commits: entry n of a unit holds the hash of its entry n - 1. No reference to
# the entry: one that was taken away is to be noticed, not to be forbidden by the very database it was taken from.
evidence_seal = Table(
    "evidence_seal",
    metadata,
    Column("entry_id", BigId, primary_key=True, autoincrement=False),
    Column("unit_id", BigId, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("prev_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    UniqueConstraint("unit_id", "seq"),
)

# One hash a civil day that stands for every unit's chain and every unit's ledger, and for the log.
evidence_root = Table(
    "evidence_root",
    metadata,
    _id(),
    Column("day_on", CivilDate, nullable=False, unique=True),
    Column("leaves", Integer, nullable=False),
    Column("merkle_root", String(64), nullable=False),
    Column("audit_seq", BigInteger, nullable=False),
    Column("audit_hash", String(64), nullable=False),
    Column("prev_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Column("made_at", Instant, nullable=False),
)

# The leaves that are not what they were in the root before: a unit's leaf is its last one up to that root.
evidence_leaf = Table(
    "evidence_leaf",
    metadata,
    _id(),
    _ref("root_id", "evidence_root"),
    Column("unit_id", BigId, nullable=False),
    Column("evidence_seq", Integer, nullable=False),
    Column("evidence_hash", String(64), nullable=False),
    Column("ledger_seq", Integer, nullable=False),
    Column("ledger_hash", String(64), nullable=False),
    UniqueConstraint("root_id", "unit_id"),
    Index("ix_evidence_leaf_unit", "unit_id"),
)

# What is still to be stamped, and how often it was tried.
timestamp_task = Table(
    "timestamp_task",
    metadata,
    Column("root_id", BigId, primary_key=True, autoincrement=False),
    Column("state", String(10), nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("tried_at", Instant),
    Column("failure", String(200), nullable=False, server_default=""),
    CheckConstraint("state IN ('pending', 'failed', 'stamped')", name="state"),
    Index("ix_timestamp_task_state", "state"),
)

timestamp_token = Table(
    "timestamp_token",
    metadata,
    _id(),
    _ref("root_id", "evidence_root"),
    Column("token", LargeBinary, nullable=False),
    Column("authority", String(200), nullable=False),
    Column("policy", String(80), nullable=False),
    Column("serial", String(80), nullable=False),
    Column("gen_at", Instant, nullable=False),
    Column("is_demo", Boolean, nullable=False),
    Column("stamped_at", Instant, nullable=False),
    UniqueConstraint("root_id", "is_demo"),
)

sealed_document = Table(
    "sealed_document",
    metadata,
    _id(),
    _ref("community_id", "community"),
    _ref("unit_id", "unit", nullable=True),
    Column("subject_kind", String(40), nullable=False),
    Column("subject_id", BigInteger, nullable=False),
    Column("source_sha256", String(64), nullable=False),
    Column("sealed_sha256", String(64), nullable=False, unique=True),
    Column("level", String(10), nullable=False),
    Column("signer", String(200), nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("is_demo", Boolean, nullable=False),
    Column("reason", String(200), nullable=False, server_default=""),
    Column("sealed_at", Instant, nullable=False),
    Index("ix_sealed_document_subject", "subject_kind", "subject_id"),
    Index("ix_sealed_document_unit", "unit_id"),
    Index("ix_sealed_document_source", "source_sha256"),
)

APPEND_ONLY = (evidence_entry, evidence_seal, evidence_root, evidence_leaf, timestamp_token, sealed_document)
