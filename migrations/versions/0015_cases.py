"""Court cases: parties, stages, deadlines, what was paid after filing, and who works on them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.store import triggers, types

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

TABLES = (
    "court_case",
    "case_bill",
    "case_party",
    "case_step",
    "case_date",
    "case_judgment",
    "case_plan",
    "case_instalment",
    "case_cost",
    "case_counsel",
    "case_comment",
    "case_file",
)

APPEND_ONLY = (
    "case_bill",
    "case_step",
    "case_judgment",
    "case_plan",
    "case_instalment",
    "case_cost",
    "case_comment",
    "case_file",
)


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


def _court_case() -> None:
    op.create_table(
        "court_case",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("community_id", ID, nullable=False),
        sa.Column("unit_id", ID, nullable=False),
        sa.Column("number", sa.String(length=24), nullable=False),
        sa.Column("claim_id", ID, nullable=True),
        sa.Column("path", sa.String(length=20), nullable=False),
        sa.Column("stage", sa.String(length=16), server_default="draft", nullable=False),
        sa.Column("as_of", types.CivilDate(), nullable=False),
        sa.Column("principal_fen", sa.BigInteger(), nullable=False),
        sa.Column("late_charge_fen", sa.BigInteger(), nullable=False),
        sa.Column("costs_fen", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("court", sa.String(length=120), server_default="", nullable=False),
        sa.Column("court_no", sa.String(length=80), server_default="", nullable=False),
        sa.Column("path_facts", sa.Text(), server_default="{}", nullable=False),
        sa.Column("findings", sa.Text(), server_default="[]", nullable=False),
        sa.Column("override_reason", sa.String(length=500), server_default="", nullable=False),
        sa.Column("opened_on", types.CivilDate(), nullable=False),
        sa.Column("opened_by", ID, nullable=False),
        sa.Column("opened_at", types.Instant(timezone=True), nullable=False),
        sa.Column("filed_on", types.CivilDate(), nullable=True),
        sa.Column("ended_on", types.CivilDate(), nullable=True),
        sa.Column("result", sa.String(length=20), server_default="", nullable=False),
        sa.Column("closed_on", types.CivilDate(), nullable=True),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_court_case_community_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_court_case_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_court_case")),
        sa.UniqueConstraint("community_id", "number", name=op.f("uq_court_case_community_id_number")),
    )
    op.create_index("ix_court_case_stage", "court_case", ["community_id", "stage"], unique=False)
    op.create_index("ix_court_case_unit", "court_case", ["unit_id"], unique=False)


def _case_bill() -> None:
    op.create_table(
        "case_bill",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("case_id", ID, nullable=False),
        sa.Column("bill_id", ID, nullable=False),
        sa.Column("principal_fen", sa.BigInteger(), nullable=False),
        sa.Column("late_charge_fen", sa.BigInteger(), nullable=False),
        sa.Column("costs_fen", sa.BigInteger(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["court_case.id"], name=op.f("fk_case_bill_case_id")),
        sa.ForeignKeyConstraint(["bill_id"], ["bill.id"], name=op.f("fk_case_bill_bill_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_bill")),
        sa.UniqueConstraint("case_id", "bill_id", name=op.f("uq_case_bill_case_id_bill_id")),
    )
    op.create_index("ix_case_bill_bill", "case_bill", ["bill_id"], unique=False)


def _case_party() -> None:
    op.create_table(
        "case_party",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("case_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=True),
        sa.Column("role", sa.String(length=12), nullable=False),
        sa.Column("capacity", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("sex", sa.String(length=4), server_default="", nullable=False),
        sa.Column("birth_on", types.CivilDate(), nullable=True),
        sa.Column("ethnicity", sa.String(length=20), server_default="", nullable=False),
        sa.Column("employer", sa.String(length=120), server_default="", nullable=False),
        sa.Column("address", sa.String(length=200), server_default="", nullable=False),
        sa.Column("code", sa.String(length=32), server_default="", nullable=False),
        sa.Column("representative", sa.String(length=60), server_default="", nullable=False),
        sa.Column("is_joint", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.Column("reason", sa.String(length=40), server_default="", nullable=False),
        sa.Column("note", sa.String(length=200), server_default="", nullable=False),
        sa.Column("added_by", ID, nullable=False),
        sa.Column("added_at", types.Instant(timezone=True), nullable=False),
        sa.Column("removed_by", ID, nullable=True),
        sa.Column("removed_at", types.Instant(timezone=True), nullable=True),
        sa.CheckConstraint("role IN ('plaintiff', 'defendant', 'third')", name=op.f("ck_case_party_role")),
        sa.ForeignKeyConstraint(["case_id"], ["court_case.id"], name=op.f("fk_case_party_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_party")),
    )
    op.create_index("ix_case_party_case", "case_party", ["case_id"], unique=False)


def _case_step() -> None:
    op.create_table(
        "case_step",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("case_id", ID, nullable=False),
        sa.Column("from_stage", sa.String(length=16), nullable=False),
        sa.Column("to_stage", sa.String(length=16), nullable=False),
        sa.Column("happened_on", types.CivilDate(), nullable=False),
        sa.Column("note", sa.String(length=500), server_default="", nullable=False),
        sa.Column("undoes_id", ID, nullable=True),
        sa.Column("moved_by", ID, nullable=False),
        sa.Column("moved_at", types.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["court_case.id"], name=op.f("fk_case_step_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_step")),
        sa.UniqueConstraint("undoes_id", name=op.f("uq_case_step_undoes_id")),
    )
    op.create_index("ix_case_step_case", "case_step", ["case_id"], unique=False)


def _case_date() -> None:
    op.create_table(
        "case_date",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("case_id", ID, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("due_on", types.CivilDate(), nullable=False),
        sa.Column("clock_time", sa.String(length=5), server_default="", nullable=False),
        sa.Column("place", sa.String(length=120), server_default="", nullable=False),
        sa.Column("article", sa.String(length=60), server_default="", nullable=False),
        sa.Column("is_calendar_known", sa.Boolean(), server_default=sa.text("(true)"), nullable=False),
        sa.Column("step_id", ID, nullable=True),
        sa.Column("note", sa.String(length=200), server_default="", nullable=False),
        sa.Column("added_by", ID, nullable=False),
        sa.Column("added_at", types.Instant(timezone=True), nullable=False),
        sa.Column("done_by", ID, nullable=True),
        sa.Column("done_at", types.Instant(timezone=True), nullable=True),
        sa.Column("cancelled_by", ID, nullable=True),
        sa.Column("cancelled_at", types.Instant(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["court_case.id"], name=op.f("fk_case_date_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_date")),
    )
    op.create_index("ix_case_date_case", "case_date", ["case_id"], unique=False)
    op.create_index("ix_case_date_due", "case_date", ["due_on", "done_at"], unique=False)


def _case_judgment() -> None:
    op.create_table(
        "case_judgment",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("case_id", ID, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("number", sa.String(length=80), server_default="", nullable=False),
        sa.Column("issued_on", types.CivilDate(), nullable=False),
        sa.Column("principal_fen", sa.BigInteger(), nullable=False),
        sa.Column("late_charge_fen", sa.BigInteger(), nullable=False),
        sa.Column("costs_fen", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("perform_by_on", types.CivilDate(), nullable=True),
        sa.Column("note", sa.String(length=500), server_default="", nullable=False),
        sa.Column("recorded_by", ID, nullable=False),
        sa.Column("recorded_at", types.Instant(timezone=True), nullable=False),
        sa.CheckConstraint(
            "principal_fen >= 0 AND late_charge_fen >= 0 AND costs_fen >= 0", name=op.f("ck_case_judgment_amounts")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["court_case.id"], name=op.f("fk_case_judgment_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_judgment")),
    )
    op.create_index("ix_case_judgment_case", "case_judgment", ["case_id"], unique=False)


def _case_plan() -> None:
    op.create_table(
        "case_plan",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("case_id", ID, nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("agreed_on", types.CivilDate(), nullable=False),
        sa.Column("total_fen", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.String(length=500), server_default="", nullable=False),
        sa.Column("recorded_by", ID, nullable=False),
        sa.Column("recorded_at", types.Instant(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('settlement', 'instalments')", name=op.f("ck_case_plan_kind")),
        sa.CheckConstraint("total_fen > 0", name=op.f("ck_case_plan_total")),
        sa.ForeignKeyConstraint(["case_id"], ["court_case.id"], name=op.f("fk_case_plan_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_plan")),
    )
    op.create_index("ix_case_plan_case", "case_plan", ["case_id"], unique=False)


def _case_instalment() -> None:
    op.create_table(
        "case_instalment",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("plan_id", ID, nullable=False),
        sa.Column("nth", sa.SmallInteger(), nullable=False),
        sa.Column("due_on", types.CivilDate(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_case_instalment_amount")),
        sa.ForeignKeyConstraint(["plan_id"], ["case_plan.id"], name=op.f("fk_case_instalment_plan_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_instalment")),
        sa.UniqueConstraint("plan_id", "nth", name=op.f("uq_case_instalment_plan_id_nth")),
    )


def _case_cost() -> None:
    op.create_table(
        "case_cost",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("case_id", ID, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("paid_on", types.CivilDate(), nullable=False),
        sa.Column("borne_by", sa.String(length=12), nullable=False),
        sa.Column("note", sa.String(length=200), server_default="", nullable=False),
        sa.Column("takes_back_id", ID, nullable=True),
        sa.Column("recorded_by", ID, nullable=False),
        sa.Column("recorded_at", types.Instant(timezone=True), nullable=False),
        sa.CheckConstraint("borne_by IN ('us', 'debtor', 'open')", name=op.f("ck_case_cost_borne_by")),
        sa.CheckConstraint("amount_fen <> 0", name=op.f("ck_case_cost_amount")),
        sa.ForeignKeyConstraint(["case_id"], ["court_case.id"], name=op.f("fk_case_cost_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_cost")),
        sa.UniqueConstraint("takes_back_id", name=op.f("uq_case_cost_takes_back_id")),
    )
    op.create_index("ix_case_cost_case", "case_cost", ["case_id"], unique=False)


def _case_counsel() -> None:
    op.create_table(
        "case_counsel",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("case_id", ID, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("expires_on", types.CivilDate(), nullable=False),
        sa.Column("assigned_by", ID, nullable=False),
        sa.Column("assigned_at", types.Instant(timezone=True), nullable=False),
        sa.Column("ended_by", ID, nullable=True),
        sa.Column("ended_at", types.Instant(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["court_case.id"], name=op.f("fk_case_counsel_case_id")),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_case_counsel_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_counsel")),
    )
    op.create_index("ix_case_counsel_case", "case_counsel", ["case_id"], unique=False)
    op.create_index("ix_case_counsel_user", "case_counsel", ["user_id", "expires_on"], unique=False)


def _case_comment() -> None:
    op.create_table(
        "case_comment",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("case_id", ID, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("written_by", ID, nullable=False),
        sa.Column("written_at", types.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["court_case.id"], name=op.f("fk_case_comment_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_comment")),
    )
    op.create_index("ix_case_comment_case", "case_comment", ["case_id"], unique=False)


def _case_file() -> None:
    op.create_table(
        "case_file",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("case_id", ID, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("media_type", sa.String(length=80), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.String(length=200), server_default="", nullable=False),
        sa.Column("added_by", ID, nullable=False),
        sa.Column("added_at", types.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["court_case.id"], name=op.f("fk_case_file_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_file")),
    )
    op.create_index("ix_case_file_case", "case_file", ["case_id"], unique=False)
