"""Versions of the procedure and its templates, and the budget of waivers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.store import triggers, types

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

TABLES = (
    "procedure_version",
    "procedure_version_level",
    "wording_version",
    "notice_batch_release",
    "notice_print_file",
    "notice_print_log",
    "waiver_budget",
    "waiver_message",
)

APPEND_ONLY = (
    "notice_batch_release",
    "notice_print_log",
    "waiver_budget",
    "waiver_message",
    "procedure_version_level",
)


def upgrade() -> None:
    """Make what this version adds."""
    op.add_column("notice_batch", sa.Column("procedure_version_id", ID, nullable=True))
    op.add_column("notice_batch", sa.Column("wording_id", ID, nullable=True))
    op.add_column("notice_batch", sa.Column("cancelled_by", ID, nullable=True))
    op.add_column("notice_batch", sa.Column("cancelled_at", types.Instant(timezone=True), nullable=True))
    op.add_column("notice_batch_unit", sa.Column("overruled", sa.String(length=12), server_default="", nullable=False))
    op.add_column(
        "notice_batch_unit", sa.Column("overrule_reason", sa.String(length=200), server_default="", nullable=False)
    )
    op.add_column("notice_batch_unit", sa.Column("overruled_by", ID, nullable=True))
    op.add_column("notice_batch_unit", sa.Column("overruled_at", types.Instant(timezone=True), nullable=True))
    op.add_column("notice_batch_unit", sa.Column("failure", sa.String(length=200), server_default="", nullable=False))
    op.add_column("waiver_request", sa.Column("effect_lines", sa.Text(), server_default="[]", nullable=False))
    op.create_index("ix_waiver_request_decided", "waiver_request", ["community_id", "decided_at"], unique=False)
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
    op.drop_index("ix_waiver_request_decided", table_name="waiver_request")
    op.drop_column("waiver_request", "effect_lines")
    op.drop_column("notice_batch_unit", "failure")
    op.drop_column("notice_batch_unit", "overruled_at")
    op.drop_column("notice_batch_unit", "overruled_by")
    op.drop_column("notice_batch_unit", "overrule_reason")
    op.drop_column("notice_batch_unit", "overruled")
    op.drop_column("notice_batch", "cancelled_at")
    op.drop_column("notice_batch", "cancelled_by")
    op.drop_column("notice_batch", "wording_id")
    op.drop_column("notice_batch", "procedure_version_id")


def _procedure_version() -> None:
    op.create_table(
        "procedure_version",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("community_id", ID, nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("state", sa.String(length=12), server_default="draft", nullable=False),
        sa.Column("from_on", types.CivilDate(), nullable=False),
        sa.Column("note", sa.String(length=200), server_default="", nullable=False),
        sa.Column("created_by", ID, nullable=False),
        sa.Column("created_at", types.Instant(timezone=True), nullable=False),
        sa.Column("published_by", ID, nullable=True),
        sa.Column("published_at", types.Instant(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state <> 'published' OR published_by IS NOT NULL", name=op.f("ck_procedure_version_published")
        ),
        sa.CheckConstraint(
            "published_by IS NULL OR published_by <> created_by", name=op.f("ck_procedure_version_second_person")
        ),
        sa.CheckConstraint("state IN ('draft', 'published', 'discarded')", name=op.f("ck_procedure_version_state")),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_procedure_version_community_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_procedure_version")),
        sa.UniqueConstraint("community_id", "number", name=op.f("uq_procedure_version_community_id_number")),
    )
    op.create_index(
        "ix_procedure_version_force", "procedure_version", ["community_id", "state", "from_on"], unique=False
    )


def _procedure_version_level() -> None:
    op.create_table(
        "procedure_version_level",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("version_id", ID, nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("min_days", sa.SmallInteger(), nullable=False),
        sa.Column("min_amount_fen", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("pause_days", sa.SmallInteger(), server_default="15", nullable=False),
        sa.Column("tone", sa.String(length=20), nullable=False),
        sa.Column("deadline_days", sa.SmallInteger(), server_default="15", nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("(true)"), nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"], ["procedure_version.id"], name=op.f("fk_procedure_version_level_version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_procedure_version_level")),
        sa.UniqueConstraint("version_id", "level", name=op.f("uq_procedure_version_level_version_id_level")),
    )


def _wording_version() -> None:
    op.create_table(
        "wording_version",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("community_id", ID, nullable=False),
        sa.Column("tone", sa.String(length=20), nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("state", sa.String(length=12), server_default="draft", nullable=False),
        sa.Column("opening", sa.Text(), server_default="", nullable=False),
        sa.Column("closing", sa.Text(), server_default="", nullable=False),
        sa.Column("contact", sa.Text(), server_default="", nullable=False),
        sa.Column("note", sa.String(length=200), server_default="", nullable=False),
        sa.Column("created_by", ID, nullable=False),
        sa.Column("created_at", types.Instant(timezone=True), nullable=False),
        sa.Column("published_by", ID, nullable=True),
        sa.Column("published_at", types.Instant(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state <> 'published' OR published_by IS NOT NULL", name=op.f("ck_wording_version_published")
        ),
        sa.CheckConstraint(
            "published_by IS NULL OR published_by <> created_by", name=op.f("ck_wording_version_second_person")
        ),
        sa.CheckConstraint("state IN ('draft', 'published', 'discarded')", name=op.f("ck_wording_version_state")),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_wording_version_community_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wording_version")),
        sa.UniqueConstraint("community_id", "tone", "number", name=op.f("uq_wording_version_community_id_tone_number")),
    )


def _notice_batch_release() -> None:
    op.create_table(
        "notice_batch_release",
        sa.Column("batch_id", ID, nullable=False),
        sa.Column("drafted_by", ID, nullable=True),
        sa.Column("released_by", ID, nullable=False),
        sa.Column("released_at", types.Instant(timezone=True), nullable=False),
        sa.CheckConstraint(
            "drafted_by IS NULL OR drafted_by <> released_by", name=op.f("ck_notice_batch_release_second_person")
        ),
        sa.ForeignKeyConstraint(["batch_id"], ["notice_batch.id"], name=op.f("fk_notice_batch_release_batch_id")),
        sa.UniqueConstraint("batch_id", name=op.f("uq_notice_batch_release_batch_id")),
    )


def _notice_print_file() -> None:
    op.create_table(
        "notice_print_file",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("batch_id", ID, nullable=False),
        sa.Column("part", sa.SmallInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("notices", sa.Integer(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("first_number", sa.String(length=24), nullable=False),
        sa.Column("last_number", sa.String(length=24), nullable=False),
        sa.Column("made_at", types.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["notice_batch.id"], name=op.f("fk_notice_print_file_batch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_print_file")),
        sa.UniqueConstraint("batch_id", "part", name=op.f("uq_notice_print_file_batch_id_part")),
    )


def _notice_print_log() -> None:
    op.create_table(
        "notice_print_log",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("batch_id", ID, nullable=False),
        sa.Column("document_id", ID, nullable=True),
        sa.Column("part", sa.SmallInteger(), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=200), server_default="", nullable=False),
        sa.Column("printed_by", ID, nullable=False),
        sa.Column("printed_at", types.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["notice_batch.id"], name=op.f("fk_notice_print_log_batch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_print_log")),
    )
    op.create_index("ix_notice_print_log_batch", "notice_print_log", ["batch_id"], unique=False)


def _waiver_budget() -> None:
    op.create_table(
        "waiver_budget",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("community_id", ID, nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.String(length=200), server_default="", nullable=False),
        sa.Column("set_by", ID, nullable=False),
        sa.Column("set_at", types.Instant(timezone=True), nullable=False),
        sa.CheckConstraint("amount_fen >= 0", name=op.f("ck_waiver_budget_amount")),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_waiver_budget_community_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waiver_budget")),
    )
    op.create_index("ix_waiver_budget_year", "waiver_budget", ["community_id", "year"], unique=False)


def _waiver_message() -> None:
    op.create_table(
        "waiver_message",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("request_id", ID, nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("written_by", ID, nullable=False),
        sa.Column("written_at", types.Instant(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('question', 'answer')", name=op.f("ck_waiver_message_kind")),
        sa.ForeignKeyConstraint(["request_id"], ["waiver_request.id"], name=op.f("fk_waiver_message_request_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waiver_message")),
    )
    op.create_index("ix_waiver_message_request", "waiver_message", ["request_id"], unique=False)
