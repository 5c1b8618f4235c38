"""The chain of evidence of each unit, its daily roots, timestamps and sealed documents."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.store import triggers, types

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

TABLES = (
    "evidence_entry",
    "evidence_seal",
    "evidence_root",
    "evidence_leaf",
    "timestamp_task",
    "timestamp_token",
    "sealed_document",
)
APPEND_ONLY = tuple(name for name in TABLES if name != "timestamp_task")


def upgrade() -> None:
    """Make what this version adds."""
    for name in TABLES:
        globals()[f"_{name}"]()
    dialect = op.get_bind().dialect.name
    for table in APPEND_ONLY:
        for statement in triggers.create(dialect, table):
            op.execute(statement)


def downgrade() -> None:
    """Take it away again."""
    dialect = op.get_bind().dialect.name
    for table in APPEND_ONLY:
        for statement in triggers.drop(dialect, table):
            op.execute(statement)
    for name in reversed(TABLES):
        op.drop_table(name)


def _evidence_entry() -> None:
    op.create_table(
        "evidence_entry",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("community_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("subject_kind", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("at", types.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_evidence_entry_community_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_evidence_entry_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence_entry")),
    )
    op.create_index("ix_evidence_entry_subject", "evidence_entry", ["subject_kind", "subject_id"], unique=False)
    op.create_index("ix_evidence_entry_unit", "evidence_entry", ["unit_id"], unique=False)


def _evidence_seal() -> None:
    op.create_table(
        "evidence_seal",
        sa.Column(
            "entry_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("prev_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_evidence_seal")),
        sa.UniqueConstraint("unit_id", "seq", name=op.f("uq_evidence_seal_unit_id_seq")),
    )


def _evidence_root() -> None:
    op.create_table(
        "evidence_root",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("day_on", types.CivilDate(), nullable=False),
        sa.Column("leaves", sa.Integer(), nullable=False),
        sa.Column("merkle_root", sa.String(length=64), nullable=False),
        sa.Column("audit_seq", sa.BigInteger(), nullable=False),
        sa.Column("audit_hash", sa.String(length=64), nullable=False),
        sa.Column("prev_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("made_at", types.Instant(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence_root")),
        sa.UniqueConstraint("day_on", name=op.f("uq_evidence_root_day_on")),
    )


def _evidence_leaf() -> None:
    op.create_table(
        "evidence_leaf",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("root_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("evidence_seq", sa.Integer(), nullable=False),
        sa.Column("evidence_hash", sa.String(length=64), nullable=False),
        sa.Column("ledger_seq", sa.Integer(), nullable=False),
        sa.Column("ledger_hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["root_id"], ["evidence_root.id"], name=op.f("fk_evidence_leaf_root_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence_leaf")),
        sa.UniqueConstraint("root_id", "unit_id", name=op.f("uq_evidence_leaf_root_id_unit_id")),
    )
    op.create_index("ix_evidence_leaf_unit", "evidence_leaf", ["unit_id"], unique=False)


def _timestamp_task() -> None:
    op.create_table(
        "timestamp_task",
        sa.Column("root_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("tried_at", types.Instant(timezone=True), nullable=True),
        sa.Column("failure", sa.String(length=200), server_default="", nullable=False),
        sa.CheckConstraint("state IN ('pending', 'failed', 'stamped')", name=op.f("ck_timestamp_task_state")),
        sa.PrimaryKeyConstraint("root_id", name=op.f("pk_timestamp_task")),
    )
    op.create_index("ix_timestamp_task_state", "timestamp_task", ["state"], unique=False)


def _timestamp_token() -> None:
    op.create_table(
        "timestamp_token",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("root_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=False),
        sa.Column("authority", sa.String(length=200), nullable=False),
        sa.Column("policy", sa.String(length=80), nullable=False),
        sa.Column("serial", sa.String(length=80), nullable=False),
        sa.Column("gen_at", types.Instant(timezone=True), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.Column("stamped_at", types.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["root_id"], ["evidence_root.id"], name=op.f("fk_timestamp_token_root_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_timestamp_token")),
        sa.UniqueConstraint("root_id", "is_demo", name=op.f("uq_timestamp_token_root_id_is_demo")),
    )


def _sealed_document() -> None:
    op.create_table(
        "sealed_document",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("community_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("subject_kind", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        sa.Column("source_sha256", sa.String(length=64), nullable=False),
        sa.Column("sealed_sha256", sa.String(length=64), nullable=False),
        sa.Column("level", sa.String(length=10), nullable=False),
        sa.Column("signer", sa.String(length=200), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(length=200), server_default="", nullable=False),
        sa.Column("sealed_at", types.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_sealed_document_community_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_sealed_document_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sealed_document")),
        sa.UniqueConstraint("sealed_sha256", name=op.f("uq_sealed_document_sealed_sha256")),
    )
    op.create_index("ix_sealed_document_source", "sealed_document", ["source_sha256"], unique=False)
    op.create_index("ix_sealed_document_subject", "sealed_document", ["subject_kind", "subject_id"], unique=False)
    op.create_index("ix_sealed_document_unit", "sealed_document", ["unit_id"], unique=False)
