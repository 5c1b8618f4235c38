"""Papers of a case and the bundles handed over: every step is a row of its own, and no row ever changes."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
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
)

from app.store.tables import _id, _ref, metadata
from app.store.types import BigId, CivilDate, Instant

# A paper drafted anew is a new row; the newest one counts until one is frozen.
case_paper = Table(
    "case_paper",
    metadata,
    _id(),
    _ref("community_id", "community"),
    _ref("case_id", "court_case"),
    Column("kind", String(24), nullable=False),
    Column("revision", SmallInteger, nullable=False),
    Column("as_of", CivilDate, nullable=False),
    Column("facts", Text, nullable=False),
    Column("facts_hash", String(64), nullable=False),
    Column("drafted_by", BigId),
    Column("drafted_at", Instant, nullable=False),
    UniqueConstraint("case_id", "kind", "revision"),
    Index("ix_case_paper_community", "community_id"),
)

case_paper_freeze = Table(
    "case_paper_freeze",
    metadata,
    _id(),
    _ref("paper_id", "case_paper"),
    Column("pdf_sha256", String(64), nullable=False),
    Column("pdf_size", BigInteger, nullable=False),
    Column("pages", SmallInteger, nullable=False),
    Column("docx_sha256", String(64), nullable=False, server_default=""),
    Column("frozen_by", BigId, nullable=False),
    Column("frozen_at", Instant, nullable=False),
    UniqueConstraint("paper_id"),
)

bundle = Table(
    "bundle",
    metadata,
    _id(),
    _ref("community_id", "community"),
    _ref("case_id", "court_case"),
    Column("revision", SmallInteger, nullable=False),
    Column("as_of", CivilDate, nullable=False),
    Column("facts", Text, nullable=False),
    Column("facts_hash", String(64), nullable=False),
    Column("gaps", Text, nullable=False, server_default="[]"),
    Column("drafted_by", BigId, nullable=False),
    Column("drafted_at", Instant, nullable=False),
    UniqueConstraint("case_id", "revision"),
    # what a seal points at, so that it cannot name another drafter
    UniqueConstraint("id", "drafted_by"),
    Index("ix_bundle_community", "community_id", "drafted_at"),
)

# What came of a draft: its file, or the reason why there is none.
bundle_draft = Table(
    "bundle_draft",
    metadata,
    _id(),
    _ref("bundle_id", "bundle"),
    Column("zip_sha256", String(64), nullable=False, server_default=""),
    Column("size", BigInteger, nullable=False, server_default="0"),
    Column("files", Integer, nullable=False, server_default="0"),
    Column("pages", Integer, nullable=False, server_default="0"),
    Column("failure", String(200), nullable=False, server_default=""),
    Column("built_at", Instant, nullable=False),
    UniqueConstraint("bundle_id"),
    CheckConstraint("(failure = '') = (zip_sha256 <> '')", name="outcome"),
)

bundle_seal = Table(
    "bundle_seal",
    metadata,
    _id(),
    Column("bundle_id", BigId, nullable=False),
    Column("drafted_by", BigId, nullable=False),
    Column("sealed_by", BigId, nullable=False),
    Column("sealed_at", Instant, nullable=False),
    Column("zip_sha256", String(64), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("pages", Integer, nullable=False),
    Column("manifest_sha256", String(64), nullable=False),
    Column("level", String(12), nullable=False, server_default=""),
    Column("note", String(200), nullable=False, server_default=""),
    ForeignKeyConstraint(["bundle_id", "drafted_by"], ["bundle.id", "bundle.drafted_by"]),
    UniqueConstraint("bundle_id"),
    CheckConstraint("sealed_by <> drafted_by", name="second_person"),
)

bundle_file = Table(
    "bundle_file",
    metadata,
    _id(),
    _ref("bundle_id", "bundle"),
    Column("path", String(200), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("size", BigInteger, nullable=False),
    UniqueConstraint("bundle_id", "path"),
    Index("ix_bundle_file_sha", "sha256"),
)

bundle_handover = Table(
    "bundle_handover",
    metadata,
    _id(),
    _ref("bundle_id", "bundle"),
    Column("kind", String(12), nullable=False),
    Column("zip_sha256", String(64), nullable=False),
    Column("to_whom", String(120), nullable=False, server_default=""),
    Column("note", String(200), nullable=False, server_default=""),
    Column("happened_at", Instant, nullable=False),
    Column("recorded_by", BigId, nullable=False),
    CheckConstraint("kind IN ('download', 'handover')", name="kind"),
    Index("ix_bundle_handover_bundle", "bundle_id"),
)

APPEND_ONLY = (case_paper, case_paper_freeze, bundle, bundle_draft, bundle_seal, bundle_file, bundle_handover)
