"""Price versions that wait for a second person, and what an import remembers of its columns."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.store import types

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TABLES = ("tariff_draft", "billing_draft", "bill_basis", "import_mapping", "import_task")


def upgrade() -> None:
    """Make what this version adds."""
    _tariff_draft()
    _billing_draft()
    _bill_basis()
    _import_mapping()
    _import_task()


def downgrade() -> None:
    """Take it away again."""
    for table in reversed(TABLES):
        op.drop_table(table)


def _number() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _tariff_draft() -> None:
    op.create_table(
        "tariff_draft",
        sa.Column("id", _number(), autoincrement=True, nullable=False),
        sa.Column("community_id", _number(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("fee_item_id", _number(), nullable=True),
        sa.Column("plan_id", _number(), nullable=True),
        sa.Column("from_on", types.CivilDate(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("note", sa.String(length=200), server_default="", nullable=False),
        sa.Column("state", sa.String(length=12), server_default="draft", nullable=False),
        sa.Column("drafted_by", _number(), nullable=False),
        sa.Column("drafted_at", types.Instant(timezone=True), nullable=False),
        sa.Column("published_by", _number(), nullable=True),
        sa.Column("published_at", types.Instant(timezone=True), nullable=True),
        sa.Column("closed_by", _number(), nullable=True),
        sa.Column("closed_at", types.Instant(timezone=True), nullable=True),
        sa.Column("closed_note", sa.String(length=200), server_default="", nullable=False),
        sa.CheckConstraint(
            "published_by IS NULL OR published_by <> drafted_by", name=op.f("ck_tariff_draft_second_person")
        ),
        sa.CheckConstraint("kind IN ('item', 'price', 'late_charge')", name=op.f("ck_tariff_draft_kind")),
        sa.CheckConstraint(
            "state IN ('draft', 'published', 'refused', 'withdrawn')", name=op.f("ck_tariff_draft_state")
        ),
        sa.CheckConstraint("state <> 'published' OR published_by IS NOT NULL", name=op.f("ck_tariff_draft_published")),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_tariff_draft_community_id")),
        sa.ForeignKeyConstraint(["fee_item_id"], ["fee_item.id"], name=op.f("fk_tariff_draft_fee_item_id")),
        sa.ForeignKeyConstraint(["plan_id"], ["rate_plan.id"], name=op.f("fk_tariff_draft_plan_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tariff_draft")),
    )
    op.create_index("ix_tariff_draft_state", "tariff_draft", ["community_id", "state"], unique=False)


def _billing_draft() -> None:
    op.create_table(
        "billing_draft",
        sa.Column("id", _number(), autoincrement=True, nullable=False),
        sa.Column("community_id", _number(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("period", sa.String(length=7), server_default="", nullable=False),
        sa.Column("scope", sa.Text(), server_default="{}", nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("bills", sa.Integer(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("run_id", _number(), nullable=True),
        sa.Column("bill_id", _number(), nullable=True),
        sa.Column("value_on", types.CivilDate(), nullable=True),
        sa.Column("reason", sa.String(length=200), server_default="", nullable=False),
        sa.Column("state", sa.String(length=12), server_default="draft", nullable=False),
        sa.Column("drafted_by", _number(), nullable=False),
        sa.Column("drafted_at", types.Instant(timezone=True), nullable=False),
        sa.Column("released_by", _number(), nullable=True),
        sa.Column("released_at", types.Instant(timezone=True), nullable=True),
        sa.Column("closed_by", _number(), nullable=True),
        sa.Column("closed_at", types.Instant(timezone=True), nullable=True),
        sa.Column("closed_note", sa.String(length=200), server_default="", nullable=False),
        sa.CheckConstraint(
            "released_by IS NULL OR released_by <> drafted_by", name=op.f("ck_billing_draft_second_person")
        ),
        sa.CheckConstraint("kind IN ('run', 'run_reversal', 'bill_reversal')", name=op.f("ck_billing_draft_kind")),
        sa.CheckConstraint(
            "state IN ('draft', 'released', 'done', 'failed', 'refused', 'withdrawn')",
            name=op.f("ck_billing_draft_state"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('released', 'done') OR released_by IS NOT NULL", name=op.f("ck_billing_draft_released")
        ),
        sa.ForeignKeyConstraint(["bill_id"], ["bill.id"], name=op.f("fk_billing_draft_bill_id")),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_billing_draft_community_id")),
        sa.ForeignKeyConstraint(["run_id"], ["billing_run.id"], name=op.f("fk_billing_draft_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billing_draft")),
    )
    op.create_index("ix_billing_draft_run", "billing_draft", ["run_id"], unique=False)
    op.create_index("ix_billing_draft_state", "billing_draft", ["community_id", "state"], unique=False)


def _bill_basis() -> None:
    op.create_table(
        "bill_basis",
        sa.Column("bill_id", _number(), autoincrement=False, nullable=False),
        sa.Column("clause", sa.String(length=200), nullable=False),
        sa.Column("note", sa.String(length=200), server_default="", nullable=False),
        sa.Column("recorded_by", _number(), nullable=True),
        sa.Column("recorded_at", types.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["bill_id"], ["bill.id"], name=op.f("fk_bill_basis_bill_id")),
        sa.PrimaryKeyConstraint("bill_id", name=op.f("pk_bill_basis")),
    )


def _import_mapping() -> None:
    op.create_table(
        "import_mapping",
        sa.Column("id", _number(), autoincrement=True, nullable=False),
        sa.Column("community_id", _number(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("sheet_name", sa.String(length=100), server_default="", nullable=False),
        sa.Column("choices", sa.Text(), nullable=False),
        sa.Column("created_by", _number(), nullable=True),
        sa.Column("created_at", types.Instant(timezone=True), nullable=False),
        sa.Column("used_at", types.Instant(timezone=True), nullable=False),
        sa.Column("uses", sa.Integer(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_import_mapping_community_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_mapping")),
        sa.UniqueConstraint("community_id", "fingerprint", name=op.f("uq_import_mapping_community_id_fingerprint")),
    )


def _import_task() -> None:
    op.create_table(
        "import_task",
        sa.Column("id", _number(), autoincrement=True, nullable=False),
        sa.Column("community_id", _number(), nullable=True),
        sa.Column("community_name", sa.String(length=120), nullable=False),
        sa.Column("files", sa.Text(), nullable=False),
        sa.Column("options", sa.Text(), nullable=False),
        sa.Column("choices", sa.Text(), server_default="{}", nullable=False),
        sa.Column("created_by", _number(), nullable=False),
        sa.Column("login", sa.String(length=60), nullable=False),
        sa.Column("created_at", types.Instant(timezone=True), nullable=False),
        sa.Column("result", sa.Text(), server_default="{}", nullable=False),
        sa.Column("finished_at", types.Instant(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_import_task_community_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_task")),
    )
    op.create_index("ix_import_task_community", "import_task", ["community_id"], unique=False)
