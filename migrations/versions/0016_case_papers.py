"""Papers of a case and the bundles handed over."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.store import triggers, types

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

TABLES = (
    "case_paper",
    "case_paper_freeze",
    "bundle",
    "bundle_draft",
    "bundle_seal",
    "bundle_file",
    "bundle_handover",
)


def upgrade() -> None:
    """Make what this version adds."""
    for name in TABLES:
        globals()[f"_{name}"]()
    dialect = op.get_bind().dialect.name
    for table in TABLES:
        for statement in triggers.create(dialect, table):
            op.execute(statement)


def downgrade() -> None:
    """Take it away again."""
    dialect = op.get_bind().dialect.name
    for table in TABLES:
        for statement in triggers.drop(dialect, table):
            op.execute(statement)
    for name in reversed(TABLES):
        op.drop_table(name)


def _big() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _case_paper() -> None:
    op.create_table(
        "case_paper",
        sa.Column("id", _big(), autoincrement=True, nullable=False),
        sa.Column("community_id", _big(), nullable=False),
        sa.Column("case_id", _big(), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("revision", sa.SmallInteger(), nullable=False),
        sa.Column("as_of", types.CivilDate(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("facts_hash", sa.String(length=64), nullable=False),
        sa.Column("drafted_by", _big(), nullable=True),
        sa.Column("drafted_at", types.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["court_case.id"], name=op.f("fk_case_paper_case_id")),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_case_paper_community_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_paper")),
        sa.UniqueConstraint("case_id", "kind", "revision", name=op.f("uq_case_paper_case_id_kind_revision")),
    )
    op.create_index("ix_case_paper_community", "case_paper", ["community_id"], unique=False)


def _case_paper_freeze() -> None:
    op.create_table(
        "case_paper_freeze",
        sa.Column("id", _big(), autoincrement=True, nullable=False),
        sa.Column("paper_id", _big(), nullable=False),
        sa.Column("pdf_sha256", sa.String(length=64), nullable=False),
        sa.Column("pdf_size", sa.BigInteger(), nullable=False),
        sa.Column("pages", sa.SmallInteger(), nullable=False),
        sa.Column("docx_sha256", sa.String(length=64), server_default="", nullable=False),
        sa.Column("frozen_by", _big(), nullable=False),
        sa.Column("frozen_at", types.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["paper_id"], ["case_paper.id"], name=op.f("fk_case_paper_freeze_paper_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_paper_freeze")),
        sa.UniqueConstraint("paper_id", name=op.f("uq_case_paper_freeze_paper_id")),
    )


def _bundle() -> None:
    op.create_table(
        "bundle",
        sa.Column("id", _big(), autoincrement=True, nullable=False),
        sa.Column("community_id", _big(), nullable=False),
        sa.Column("case_id", _big(), nullable=False),
        sa.Column("revision", sa.SmallInteger(), nullable=False),
        sa.Column("as_of", types.CivilDate(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("facts_hash", sa.String(length=64), nullable=False),
        sa.Column("gaps", sa.Text(), server_default="[]", nullable=False),
        sa.Column("drafted_by", _big(), nullable=False),
        sa.Column("drafted_at", types.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["court_case.id"], name=op.f("fk_bundle_case_id")),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_bundle_community_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bundle")),
        sa.UniqueConstraint("case_id", "revision", name=op.f("uq_bundle_case_id_revision")),
        sa.UniqueConstraint("id", "drafted_by", name=op.f("uq_bundle_id_drafted_by")),
    )
    op.create_index("ix_bundle_community", "bundle", ["community_id", "drafted_at"], unique=False)


def _bundle_draft() -> None:
    op.create_table(
        "bundle_draft",
        sa.Column("id", _big(), autoincrement=True, nullable=False),
        sa.Column("bundle_id", _big(), nullable=False),
        sa.Column("zip_sha256", sa.String(length=64), server_default="", nullable=False),
        sa.Column("size", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("files", sa.Integer(), server_default="0", nullable=False),
        sa.Column("pages", sa.Integer(), server_default="0", nullable=False),
        sa.Column("failure", sa.String(length=200), server_default="", nullable=False),
        sa.Column("built_at", types.Instant(timezone=True), nullable=False),
        sa.CheckConstraint("(failure = '') = (zip_sha256 <> '')", name=op.f("ck_bundle_draft_outcome")),
        sa.ForeignKeyConstraint(["bundle_id"], ["bundle.id"], name=op.f("fk_bundle_draft_bundle_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bundle_draft")),
        sa.UniqueConstraint("bundle_id", name=op.f("uq_bundle_draft_bundle_id")),
    )


def _bundle_seal() -> None:
    op.create_table(
        "bundle_seal",
        sa.Column("id", _big(), autoincrement=True, nullable=False),
        sa.Column("bundle_id", _big(), nullable=False),
        sa.Column("drafted_by", _big(), nullable=False),
        sa.Column("sealed_by", _big(), nullable=False),
        sa.Column("sealed_at", types.Instant(timezone=True), nullable=False),
        sa.Column("zip_sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("manifest_sha256", sa.String(length=64), nullable=False),
        sa.Column("level", sa.String(length=12), server_default="", nullable=False),
        sa.Column("note", sa.String(length=200), server_default="", nullable=False),
        sa.CheckConstraint("sealed_by <> drafted_by", name=op.f("ck_bundle_seal_second_person")),
        sa.ForeignKeyConstraint(
            ["bundle_id", "drafted_by"], ["bundle.id", "bundle.drafted_by"], name=op.f("fk_bundle_seal_bundle_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bundle_seal")),
        sa.UniqueConstraint("bundle_id", name=op.f("uq_bundle_seal_bundle_id")),
    )


def _bundle_file() -> None:
    op.create_table(
        "bundle_file",
        sa.Column("id", _big(), autoincrement=True, nullable=False),
        sa.Column("bundle_id", _big(), nullable=False),
        sa.Column("path", sa.String(length=200), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["bundle_id"], ["bundle.id"], name=op.f("fk_bundle_file_bundle_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bundle_file")),
        sa.UniqueConstraint("bundle_id", "path", name=op.f("uq_bundle_file_bundle_id_path")),
    )
    op.create_index("ix_bundle_file_sha", "bundle_file", ["sha256"], unique=False)


def _bundle_handover() -> None:
    op.create_table(
        "bundle_handover",
        sa.Column("id", _big(), autoincrement=True, nullable=False),
        sa.Column("bundle_id", _big(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("zip_sha256", sa.String(length=64), nullable=False),
        sa.Column("to_whom", sa.String(length=120), server_default="", nullable=False),
        sa.Column("note", sa.String(length=200), server_default="", nullable=False),
        sa.Column("happened_at", types.Instant(timezone=True), nullable=False),
        sa.Column("recorded_by", _big(), nullable=False),
        sa.CheckConstraint("kind IN ('download', 'handover')", name=op.f("ck_bundle_handover_kind")),
        sa.ForeignKeyConstraint(["bundle_id"], ["bundle.id"], name=op.f("fk_bundle_handover_bundle_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bundle_handover")),
    )
    op.create_index("ix_bundle_handover_bundle", "bundle_handover", ["bundle_id"], unique=False)
