"""The first schema, with the triggers that keep posted rows append-only."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.store import triggers, types

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

APPEND_ONLY = (
    "ledger_entry",
    "bill",
    "payment",
    "adjustment",
    "reversal",
    "allocation",
    "audit_event",
    "document",
    "document_file",
    "notice",
    "notice_bill",
)

TABLES = (
    "app_user",
    "audit_event",
    "calendar_day",
    "community",
    "idempotency_key",
    "job",
    "lease",
    "login_counter",
    "nightly_run",
    "stored_file",
    "billing_run",
    "import_batch",
    "notice_batch",
    "number_counter",
    "procedure_level",
    "rate_plan",
    "user_community",
    "user_session",
    "vacancy_rule",
    "fee_item",
    "late_charge_policy",
    "person",
    "rate_segment",
    "unit",
    "account",
    "bill",
    "contact",
    "document",
    "ledger_entry",
    "notice_batch_unit",
    "ownership",
    "payment",
    "reversal",
    "tariff",
    "unit_fee",
    "unit_level",
    "vacancy",
    "waiver_request",
    "adjustment",
    "allocation",
    "bill_hold",
    "bill_state",
    "document_file",
    "notice",
    "notice_bill",
    "owner_token",
    "owner_session",
)


def upgrade() -> None:
    """Apply."""
    for name in TABLES:
        globals()[f"_{name}"]()
    dialect = op.get_bind().dialect.name
    if dialect == "postgresql":
        op.execute(triggers.FUNCTION)
    for table in APPEND_ONLY:
        for statement in triggers.create(dialect, table):
            op.execute(statement)


def downgrade() -> None:
    """Take back."""
    dialect = op.get_bind().dialect.name
    for table in APPEND_ONLY:
        for statement in triggers.drop(dialect, table):
            op.execute(statement)
    for name in reversed(TABLES):
        op.drop_table(name)
    if dialect == "postgresql":
        op.execute("DROP FUNCTION IF EXISTS qingqian_append_only()")


def _app_user() -> None:
    op.create_table(
        "app_user",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("login", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("(true)"), nullable=False),
        sa.Column("waiver_limit_fen", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("theme", sa.String(length=10), server_default="auto", nullable=False),
        sa.Column("created_at", types.Instant(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_app_user")),
        sa.UniqueConstraint("login", name=op.f("uq_app_user_login")),
    )


def _audit_event() -> None:
    op.create_table(
        "audit_event",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("at", types.Instant(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=60), nullable=False),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("subject", sa.String(length=120), server_default="", nullable=False),
        sa.Column("facts", sa.Text(), server_default="{}", nullable=False),
        sa.Column("community_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_event")),
    )
    op.create_index("ix_audit_event_at", "audit_event", ["at"], unique=False)


def _calendar_day() -> None:
    op.create_table(
        "calendar_day",
        sa.Column("day_on", types.CivilDate(), nullable=False),
        sa.Column("is_working", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(length=120), nullable=False),
        sa.PrimaryKeyConstraint("day_on", name=op.f("pk_calendar_day")),
    )


def _community() -> None:
    op.create_table(
        "community",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("address", sa.String(length=200), server_default="", nullable=False),
        sa.Column("company_name", sa.String(length=120), server_default="", nullable=False),
        sa.Column("company_code", sa.String(length=32), server_default="", nullable=False),
        sa.Column("company_address", sa.String(length=200), server_default="", nullable=False),
        sa.Column("office_phone", sa.String(length=40), server_default="", nullable=False),
        sa.Column("office_hours", sa.String(length=80), server_default="", nullable=False),
        sa.Column("contact_person", sa.String(length=40), server_default="", nullable=False),
        sa.Column("payee_name", sa.String(length=120), server_default="", nullable=False),
        sa.Column("payee_bank", sa.String(length=120), server_default="", nullable=False),
        sa.Column("payee_account", sa.String(length=60), server_default="", nullable=False),
        sa.Column("contract_title", sa.String(length=160), server_default="", nullable=False),
        sa.Column("contract_no", sa.String(length=60), server_default="", nullable=False),
        sa.Column("contract_on", types.CivilDate(), nullable=True),
        sa.Column("fee_clause", sa.Text(), server_default="", nullable=False),
        sa.Column("late_charge_clause", sa.Text(), server_default="", nullable=False),
        sa.Column("allocation_within", sa.String(length=20), server_default="principal_first", nullable=False),
        sa.Column("allocation_across", sa.String(length=20), server_default="oldest_first", nullable=False),
        sa.Column("credit_mode", sa.String(length=20), server_default="apply_when_due", nullable=False),
        sa.Column("roll_due", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_community")),
        sa.UniqueConstraint("name", name=op.f("uq_community_name")),
    )


def _idempotency_key() -> None:
    op.create_table(
        "idempotency_key",
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("scope", sa.String(length=40), nullable=False),
        sa.Column("request_hash", sa.String(length=64), nullable=False),
        sa.Column("result", sa.Text(), server_default="{}", nullable=False),
        sa.Column("created_at", types.Instant(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_idempotency_key")),
    )


def _job() -> None:
    op.create_table(
        "job",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("subject", sa.String(length=60), nullable=False),
        sa.Column("state", sa.String(length=12), server_default="waiting", nullable=False),
        sa.Column("total", sa.Integer(), server_default="0", nullable=False),
        sa.Column("done", sa.Integer(), server_default="0", nullable=False),
        sa.Column("message", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", types.Instant(timezone=True), nullable=False),
        sa.Column("started_at", types.Instant(timezone=True), nullable=True),
        sa.Column("finished_at", types.Instant(timezone=True), nullable=True),
        sa.Column("lease_until_at", types.Instant(timezone=True), nullable=True),
        sa.Column("worker", sa.String(length=60), server_default="", nullable=False),
        sa.CheckConstraint("state IN ('waiting', 'running', 'done', 'failed', 'cancelled')", name=op.f("ck_job_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
        sa.UniqueConstraint("kind", "subject", name=op.f("uq_job_kind_subject")),
    )


def _lease() -> None:
    op.create_table(
        "lease",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("holder", sa.String(length=80), nullable=False),
        sa.Column("expires_at", types.Instant(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
    )


def _login_counter() -> None:
    op.create_table(
        "login_counter",
        sa.Column("subject", sa.String(length=120), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("window_started_at", types.Instant(timezone=True), nullable=False),
        sa.Column("locked_until_at", types.Instant(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_login_counter")),
    )


def _nightly_run() -> None:
    op.create_table(
        "nightly_run",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("business_on", types.CivilDate(), nullable=False),
        sa.Column("started_at", types.Instant(timezone=True), nullable=False),
        sa.Column("finished_at", types.Instant(timezone=True), nullable=True),
        sa.Column("accounts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("problems", sa.Text(), server_default="[]", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_nightly_run")),
        sa.UniqueConstraint("business_on", name=op.f("uq_nightly_run_business_on")),
    )


def _stored_file() -> None:
    op.create_table(
        "stored_file",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("media_type", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("subject", sa.String(length=60), nullable=False),
        sa.Column("stored_at", types.Instant(timezone=True), nullable=False),
        sa.Column("stored_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stored_file")),
    )
    op.create_index("ix_stored_file_subject", "stored_file", ["subject"], unique=False)


def _billing_run() -> None:
    op.create_table(
        "billing_run",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("community_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("period", sa.String(length=7), nullable=False),
        sa.Column("posted_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("posted_at", types.Instant(timezone=True), nullable=False),
        sa.Column("bills", sa.Integer(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_billing_run_community_id")),
        sa.ForeignKeyConstraint(["posted_by"], ["app_user.id"], name=op.f("fk_billing_run_posted_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billing_run")),
    )


def _import_batch() -> None:
    op.create_table(
        "import_batch",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("community_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("summary", sa.Text(), server_default="{}", nullable=False),
        sa.Column("created_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_at", types.Instant(timezone=True), nullable=False),
        sa.Column("undone_at", types.Instant(timezone=True), nullable=True),
        sa.Column("undone_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.CheckConstraint("state IN ('committed', 'undone')", name=op.f("ck_import_batch_state")),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_import_batch_community_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_batch")),
    )
    op.create_index("ix_import_batch_sha", "import_batch", ["sha256"], unique=False)


def _notice_batch() -> None:
    op.create_table(
        "notice_batch",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("community_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("tone", sa.String(length=20), nullable=False),
        sa.Column("as_of", types.CivilDate(), nullable=False),
        sa.Column("deadline_on", types.CivilDate(), nullable=False),
        sa.Column("state", sa.String(length=12), server_default="draft", nullable=False),
        sa.Column("criteria", sa.Text(), server_default="{}", nullable=False),
        sa.Column("source", sa.String(length=12), server_default="office", nullable=False),
        sa.Column("created_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_at", types.Instant(timezone=True), nullable=False),
        sa.Column("released_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("released_at", types.Instant(timezone=True), nullable=True),
        sa.Column("print_sha256", sa.String(length=64), nullable=True),
        sa.CheckConstraint("state IN ('draft', 'released', 'done', 'cancelled')", name=op.f("ck_notice_batch_state")),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_notice_batch_community_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_batch")),
    )
    op.create_index("ix_notice_batch_state", "notice_batch", ["community_id", "state"], unique=False)


def _number_counter() -> None:
    op.create_table(
        "number_counter",
        sa.Column("community_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_number_counter_community_id")),
        sa.UniqueConstraint("community_id", "kind", "year", name=op.f("uq_number_counter_community_id_kind_year")),
    )


def _procedure_level() -> None:
    op.create_table(
        "procedure_level",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("community_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("min_days", sa.SmallInteger(), nullable=False),
        sa.Column("min_amount_fen", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("pause_days", sa.SmallInteger(), server_default="15", nullable=False),
        sa.Column("tone", sa.String(length=20), nullable=False),
        sa.Column("deadline_days", sa.SmallInteger(), server_default="15", nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("(true)"), nullable=False),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_procedure_level_community_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_procedure_level")),
        sa.UniqueConstraint("community_id", "level", name=op.f("uq_procedure_level_community_id_level")),
    )


def _rate_plan() -> None:
    op.create_table(
        "rate_plan",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("community_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("den", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("den > 0", name=op.f("ck_rate_plan_den")),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_rate_plan_community_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rate_plan")),
        sa.UniqueConstraint("community_id", "name", name=op.f("uq_rate_plan_community_id_name")),
    )


def _user_community() -> None:
    op.create_table(
        "user_community",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("community_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_user_community_community_id")),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_user_community_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_community")),
        sa.UniqueConstraint("user_id", "community_id", name=op.f("uq_user_community_user_id_community_id")),
    )


def _user_session() -> None:
    op.create_table(
        "user_session",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("community_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_at", types.Instant(timezone=True), nullable=False),
        sa.Column("seen_at", types.Instant(timezone=True), nullable=False),
        sa.Column("reauth_at", types.Instant(timezone=True), nullable=True),
        sa.Column("ended_at", types.Instant(timezone=True), nullable=True),
        sa.Column("ip", sa.String(length=45), server_default="", nullable=False),
        sa.Column("agent", sa.String(length=200), server_default="", nullable=False),
        sa.Column("flash", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_user_session_community_id")),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_user_session_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_session")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_user_session_token_hash")),
    )


def _vacancy_rule() -> None:
    op.create_table(
        "vacancy_rule",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("community_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("from_on", types.CivilDate(), nullable=False),
        sa.Column("months", sa.SmallInteger(), nullable=False),
        sa.Column("ratio_e4", sa.Integer(), nullable=False),
        sa.Column("article", sa.String(length=200), nullable=False),
        sa.CheckConstraint("ratio_e4 >= 0 AND ratio_e4 <= 10000 AND months >= 0", name=op.f("ck_vacancy_rule_ratio")),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_vacancy_rule_community_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vacancy_rule")),
        sa.UniqueConstraint("community_id", "from_on", name=op.f("uq_vacancy_rule_community_id_from_on")),
    )


def _fee_item() -> None:
    op.create_table(
        "fee_item",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("community_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("basis", sa.String(length=20), nullable=False),
        sa.Column("cycle_months", sa.SmallInteger(), server_default="1", nullable=False),
        sa.Column("due_day", sa.SmallInteger(), server_default="10", nullable=False),
        sa.Column("due_in", sa.String(length=20), server_default="first_month", nullable=False),
        sa.Column("plan_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("starts_on", types.CivilDate(), nullable=False),
        sa.Column("applies_to", sa.String(length=10), server_default="all", nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("(true)"), nullable=False),
        sa.CheckConstraint("basis IN ('by_area', 'fixed', 'by_quantity', 'one_off')", name=op.f("ck_fee_item_basis")),
        sa.CheckConstraint("cycle_months IN (1, 3, 6, 12)", name=op.f("ck_fee_item_cycle")),
        sa.CheckConstraint("due_day BETWEEN 1 AND 31", name=op.f("ck_fee_item_due_day")),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_fee_item_community_id")),
        sa.ForeignKeyConstraint(["plan_id"], ["rate_plan.id"], name=op.f("fk_fee_item_plan_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fee_item")),
        sa.UniqueConstraint("community_id", "name", name=op.f("uq_fee_item_community_id_name")),
    )


def _late_charge_policy() -> None:
    op.create_table(
        "late_charge_policy",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("plan_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("from_on", types.CivilDate(), nullable=False),
        sa.Column("rate", sa.String(length=60), nullable=False),
        sa.Column("grace_mode", sa.String(length=10), server_default="none", nullable=False),
        sa.Column("grace_days", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("cap_e4", sa.Integer(), nullable=True),
        sa.Column("source_clause", sa.String(length=400), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["plan_id"], ["rate_plan.id"], name=op.f("fk_late_charge_policy_plan_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_late_charge_policy")),
        sa.UniqueConstraint("plan_id", "from_on", name=op.f("uq_late_charge_policy_plan_id_from_on")),
    )


def _person() -> None:
    op.create_table(
        "person",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("community_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("row_key", sa.String(length=32), nullable=False),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("phone_mask", sa.String(length=24), server_default="", nullable=False),
        sa.Column("phone_tail", sa.String(length=4), server_default="", nullable=False),
        sa.Column("phone_index", sa.LargeBinary(), nullable=True),
        sa.Column("id_kind", sa.String(length=20), server_default="", nullable=False),
        sa.Column("id_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("id_mask", sa.String(length=24), server_default="", nullable=False),
        sa.Column("id_index", sa.LargeBinary(), nullable=True),
        sa.Column("import_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_person_community_id")),
        sa.ForeignKeyConstraint(["import_id"], ["import_batch.id"], name=op.f("fk_person_import_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("row_key", name=op.f("uq_person_row_key")),
    )
    op.create_index("ix_person_phone", "person", ["phone_index"], unique=False)


def _rate_segment() -> None:
    op.create_table(
        "rate_segment",
        sa.Column("plan_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("from_on", types.CivilDate(), nullable=False),
        sa.Column("until_on", types.CivilDate(), nullable=False),
        sa.Column("num", sa.BigInteger(), nullable=False),
        sa.Column("cum", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["plan_id"], ["rate_plan.id"], name=op.f("fk_rate_segment_plan_id")),
        sa.UniqueConstraint("plan_id", "from_on", name=op.f("uq_rate_segment_plan_id_from_on")),
    )


def _unit() -> None:
    op.create_table(
        "unit",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("community_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("label", sa.String(length=80), nullable=False),
        sa.Column("building", sa.String(length=30), nullable=False),
        sa.Column("entrance", sa.String(length=30), nullable=False),
        sa.Column("room", sa.String(length=30), nullable=False),
        sa.Column("floor", sa.Integer(), nullable=True),
        sa.Column("sort_key", sa.String(length=120), nullable=False),
        sa.Column("search_key", sa.Text(), server_default="", nullable=False),
        sa.Column("usage_type", sa.String(length=20), server_default="residential", nullable=False),
        sa.Column("area_e3", sa.BigInteger(), nullable=False),
        sa.Column("handed_over_on", types.CivilDate(), nullable=True),
        sa.Column("import_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.CheckConstraint("area_e3 >= 0 AND area_e3 <= 100000000000", name=op.f("ck_unit_area")),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_unit_community_id")),
        sa.ForeignKeyConstraint(["import_id"], ["import_batch.id"], name=op.f("fk_unit_import_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit")),
        sa.UniqueConstraint("community_id", "code", name=op.f("uq_unit_community_id_code")),
    )
    op.create_index("ix_unit_sort", "unit", ["community_id", "sort_key"], unique=False)


def _account() -> None:
    op.create_table(
        "account",
        sa.Column("unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("community_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("head_seq", sa.Integer(), server_default="0", nullable=False),
        sa.Column("head_hash", sa.String(length=64), server_default="", nullable=False),
        sa.Column("credit_fen", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("next_credit_on", types.CivilDate(), nullable=True),
        sa.Column("has_events", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.Column("through_on", types.CivilDate(), nullable=True),
        sa.Column("closed_through_on", types.CivilDate(), nullable=True),
        sa.Column("problem_code", sa.String(length=60), nullable=True),
        sa.CheckConstraint("credit_fen >= 0", name=op.f("ck_account_credit")),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_account_community_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_account_unit_id")),
        sa.PrimaryKeyConstraint("unit_id", name=op.f("pk_account")),
    )
    op.create_index("ix_account_due_work", "account", ["community_id", "closed_through_on"], unique=False)


def _bill() -> None:
    op.create_table(
        "bill",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("community_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("fee_item_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("period_from_on", types.CivilDate(), nullable=False),
        sa.Column("period_to_on", types.CivilDate(), nullable=False),
        sa.Column("issue", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("principal_fen", sa.BigInteger(), nullable=False),
        sa.Column("costs_fen", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("issued_on", types.CivilDate(), nullable=False),
        sa.Column("due_on", types.CivilDate(), nullable=False),
        sa.Column("plan_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("grace_mode", sa.String(length=10), server_default="none", nullable=False),
        sa.Column("grace_days", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("cap_fen", sa.BigInteger(), nullable=True),
        sa.Column("quantity_e3", sa.BigInteger(), nullable=True),
        sa.Column("price_e4", sa.BigInteger(), nullable=True),
        sa.Column("months", sa.SmallInteger(), nullable=True),
        sa.Column("run_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("import_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.CheckConstraint("period_from_on <= period_to_on", name=op.f("ck_bill_period")),
        sa.CheckConstraint("principal_fen >= 0 AND principal_fen <= 1000000000000", name=op.f("ck_bill_principal")),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_bill_community_id")),
        sa.ForeignKeyConstraint(["fee_item_id"], ["fee_item.id"], name=op.f("fk_bill_fee_item_id")),
        sa.ForeignKeyConstraint(["import_id"], ["import_batch.id"], name=op.f("fk_bill_import_id")),
        sa.ForeignKeyConstraint(["plan_id"], ["rate_plan.id"], name=op.f("fk_bill_plan_id")),
        sa.ForeignKeyConstraint(["run_id"], ["billing_run.id"], name=op.f("fk_bill_run_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_bill_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bill")),
        sa.UniqueConstraint(
            "unit_id",
            "fee_item_id",
            "period_from_on",
            "issue",
            name=op.f("uq_bill_unit_id_fee_item_id_period_from_on_issue"),
        ),
    )
    op.create_index("ix_bill_import", "bill", ["import_id"], unique=False)
    op.create_index("ix_bill_run", "bill", ["run_id"], unique=False)
    op.create_index("ix_bill_unit_due", "bill", ["unit_id", "due_on"], unique=False)


def _contact() -> None:
    op.create_table(
        "contact",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("relation", sa.String(length=20), nullable=False),
        sa.Column("from_on", types.CivilDate(), nullable=False),
        sa.Column("until_on", types.CivilDate(), nullable=False),
        sa.CheckConstraint("from_on < until_on", name=op.f("ck_contact_half_open")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_contact_person_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_contact_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact")),
    )


def _document() -> None:
    op.create_table(
        "document",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("community_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("number", sa.String(length=24), nullable=False),
        sa.Column("payment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("facts_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", types.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_document_community_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_document_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document")),
        sa.UniqueConstraint("community_id", "kind", "number", name=op.f("uq_document_community_id_kind_number")),
    )
    op.create_index("ix_document_payment", "document", ["payment_id"], unique=False)
    op.create_index("ix_document_unit", "document", ["unit_id"], unique=False)


def _ledger_entry() -> None:
    op.create_table(
        "ledger_entry",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("value_on", types.CivilDate(), nullable=False),
        sa.Column("row_id", sa.BigInteger(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("prev_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.CheckConstraint("seq >= 1", name=op.f("ck_ledger_entry_seq")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_ledger_entry_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_entry")),
        sa.UniqueConstraint("unit_id", "seq", name=op.f("uq_ledger_entry_unit_id_seq")),
    )


def _notice_batch_unit() -> None:
    op.create_table(
        "notice_batch_unit",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("batch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("state", sa.String(length=12), server_default="selected", nullable=False),
        sa.Column("skip_reason", sa.String(length=60), server_default="", nullable=False),
        sa.Column("selected_fen", sa.BigInteger(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["notice_batch.id"], name=op.f("fk_notice_batch_unit_batch_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_notice_batch_unit_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_batch_unit")),
        sa.UniqueConstraint("batch_id", "unit_id", name=op.f("uq_notice_batch_unit_batch_id_unit_id")),
    )


def _ownership() -> None:
    op.create_table(
        "ownership",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("from_on", types.CivilDate(), nullable=False),
        sa.Column("until_on", types.CivilDate(), nullable=False),
        sa.Column("source", sa.String(length=120), server_default="", nullable=False),
        sa.Column("import_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.CheckConstraint("from_on < until_on", name=op.f("ck_ownership_half_open")),
        sa.ForeignKeyConstraint(["import_id"], ["import_batch.id"], name=op.f("fk_ownership_import_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_ownership_person_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_ownership_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ownership")),
        sa.UniqueConstraint("unit_id", "person_id", "from_on", name=op.f("uq_ownership_unit_id_person_id_from_on")),
    )


def _payment() -> None:
    op.create_table(
        "payment",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("community_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("received_on", types.CivilDate(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("method", sa.String(length=20), nullable=False),
        sa.Column("reference", sa.String(length=80), server_default="", nullable=False),
        sa.Column("payer", sa.String(length=80), server_default="", nullable=False),
        sa.Column("note", sa.String(length=200), server_default="", nullable=False),
        sa.Column("designated", sa.Text(), server_default="[]", nullable=False),
        sa.Column("recorded_at", types.Instant(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("import_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.CheckConstraint("amount_fen > 0 AND amount_fen <= 1000000000000", name=op.f("ck_payment_amount")),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_payment_community_id")),
        sa.ForeignKeyConstraint(["import_id"], ["import_batch.id"], name=op.f("fk_payment_import_id")),
        sa.ForeignKeyConstraint(["recorded_by"], ["app_user.id"], name=op.f("fk_payment_recorded_by")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_payment_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment")),
    )
    op.create_index("ix_payment_day", "payment", ["community_id", "received_on"], unique=False)
    op.create_index("ix_payment_unit", "payment", ["unit_id", "received_on"], unique=False)


def _reversal() -> None:
    op.create_table(
        "reversal",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("target_kind", sa.String(length=12), nullable=False),
        sa.Column("target_id", sa.BigInteger(), nullable=False),
        sa.Column("value_on", types.CivilDate(), nullable=False),
        sa.Column("reason", sa.String(length=200), server_default="", nullable=False),
        sa.Column("recorded_at", types.Instant(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.CheckConstraint("target_kind IN ('payment', 'adjustment', 'bill')", name=op.f("ck_reversal_target")),
        sa.ForeignKeyConstraint(["recorded_by"], ["app_user.id"], name=op.f("fk_reversal_recorded_by")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_reversal_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reversal")),
        sa.UniqueConstraint("target_kind", "target_id", name=op.f("uq_reversal_target_kind_target_id")),
    )
    op.create_index("ix_reversal_unit", "reversal", ["unit_id"], unique=False)


def _tariff() -> None:
    op.create_table(
        "tariff",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("fee_item_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("usage_type", sa.String(length=20), server_default="", nullable=False),
        sa.Column("from_on", types.CivilDate(), nullable=False),
        sa.Column("until_on", types.CivilDate(), nullable=False),
        sa.Column("price_e4", sa.BigInteger(), nullable=False),
        sa.Column("addition_e4", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("source_clause", sa.String(length=200), server_default="", nullable=False),
        sa.CheckConstraint("price_e4 >= 0", name=op.f("ck_tariff_price")),
        sa.ForeignKeyConstraint(["fee_item_id"], ["fee_item.id"], name=op.f("fk_tariff_fee_item_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tariff")),
        sa.UniqueConstraint(
            "fee_item_id", "usage_type", "from_on", name=op.f("uq_tariff_fee_item_id_usage_type_from_on")
        ),
    )


def _unit_fee() -> None:
    op.create_table(
        "unit_fee",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("fee_item_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("quantity_e3", sa.BigInteger(), server_default="1000", nullable=False),
        sa.Column("price_e4", sa.BigInteger(), nullable=True),
        sa.Column("from_on", types.CivilDate(), nullable=False),
        sa.Column("until_on", types.CivilDate(), nullable=False),
        sa.ForeignKeyConstraint(["fee_item_id"], ["fee_item.id"], name=op.f("fk_unit_fee_fee_item_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_unit_fee_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit_fee")),
        sa.UniqueConstraint("unit_id", "fee_item_id", "from_on", name=op.f("uq_unit_fee_unit_id_fee_item_id_from_on")),
    )


def _unit_level() -> None:
    op.create_table(
        "unit_level",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("reached_on", types.CivilDate(), nullable=False),
        sa.Column("superseded_by", sa.SmallInteger(), nullable=True),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_unit_level_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit_level")),
        sa.UniqueConstraint("unit_id", "level", "reached_on", name=op.f("uq_unit_level_unit_id_level_reached_on")),
    )


def _vacancy() -> None:
    op.create_table(
        "vacancy",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("from_on", types.CivilDate(), nullable=False),
        sa.Column("until_on", types.CivilDate(), nullable=False),
        sa.Column("reported_on", types.CivilDate(), nullable=False),
        sa.CheckConstraint("from_on < until_on", name=op.f("ck_vacancy_half_open")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_vacancy_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vacancy")),
    )


def _waiver_request() -> None:
    op.create_table(
        "waiver_request",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("community_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("bill_ids", sa.Text(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=True),
        sa.Column("ratio", sa.String(length=40), nullable=True),
        sa.Column("pay_by_on", types.CivilDate(), nullable=True),
        sa.Column("is_retroactive", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.Column("value_on", types.CivilDate(), nullable=False),
        sa.Column("reason_code", sa.String(length=40), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("effect_fen", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=12), server_default="requested", nullable=False),
        sa.Column("requested_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("requested_at", types.Instant(timezone=True), nullable=False),
        sa.Column("decided_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("decided_at", types.Instant(timezone=True), nullable=True),
        sa.Column("decision_note", sa.Text(), server_default="", nullable=False),
        sa.Column("expires_on", types.CivilDate(), nullable=True),
        sa.CheckConstraint(
            "state IN ('requested', 'approved', 'refused', 'met', 'lapsed', 'undone', 'expired', 'withdrawn')",
            name=op.f("ck_waiver_request_state"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('approved', 'refused', 'met', 'lapsed') OR decided_by IS NOT NULL",
            name=op.f("ck_waiver_request_decided"),
        ),
        sa.CheckConstraint(
            "decided_by IS NULL OR decided_by <> requested_by", name=op.f("ck_waiver_request_second_person")
        ),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_waiver_request_community_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_waiver_request_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waiver_request")),
    )
    op.create_index("ix_waiver_request_state", "waiver_request", ["community_id", "state"], unique=False)
    op.create_index("ix_waiver_request_unit", "waiver_request", ["unit_id"], unique=False)


def _adjustment() -> None:
    op.create_table(
        "adjustment",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("value_on", types.CivilDate(), nullable=False),
        sa.Column("until_on", types.CivilDate(), nullable=True),
        sa.Column("bill_ids", sa.Text(), server_default="[]", nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=True),
        sa.Column("ratio", sa.String(length=40), nullable=True),
        sa.Column("is_retroactive", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.Column("request_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("stops_accrual", sa.Boolean(), server_default=sa.text("(true)"), nullable=False),
        sa.Column("stops_dunning", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.Column("stops_contact", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.Column("reason", sa.String(length=200), server_default="", nullable=False),
        sa.Column("recorded_at", types.Instant(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.CheckConstraint(
            "kind IN ('discount', 'late_charge_waiver', 'conditional_waiver', 'hold')", name=op.f("ck_adjustment_kind")
        ),
        sa.ForeignKeyConstraint(["recorded_by"], ["app_user.id"], name=op.f("fk_adjustment_recorded_by")),
        sa.ForeignKeyConstraint(["request_id"], ["waiver_request.id"], name=op.f("fk_adjustment_request_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_adjustment_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_adjustment")),
    )
    op.create_index("ix_adjustment_unit", "adjustment", ["unit_id"], unique=False)


def _allocation() -> None:
    op.create_table(
        "allocation",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("payment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("bill_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("component", sa.String(length=12), nullable=False),
        sa.Column("value_on", types.CivilDate(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("entry_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint("component IN ('principal', 'late_charge', 'costs')", name=op.f("ck_allocation_component")),
        sa.CheckConstraint("amount_fen <> 0", name=op.f("ck_allocation_amount")),
        sa.ForeignKeyConstraint(["bill_id"], ["bill.id"], name=op.f("fk_allocation_bill_id")),
        sa.ForeignKeyConstraint(["entry_id"], ["ledger_entry.id"], name=op.f("fk_allocation_entry_id")),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_allocation_payment_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_allocation_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_allocation")),
    )
    op.create_index("ix_allocation_payment", "allocation", ["payment_id"], unique=False)
    op.create_index("ix_allocation_unit", "allocation", ["unit_id"], unique=False)


def _bill_hold() -> None:
    op.create_table(
        "bill_hold",
        sa.Column("bill_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("from_on", types.CivilDate(), autoincrement=False, nullable=False),
        sa.Column("to_on", types.CivilDate(), nullable=False),
        sa.Column("r_before", sa.BigInteger(), nullable=False),
        sa.Column("r_to", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["bill_id"], ["bill.id"], name=op.f("fk_bill_hold_bill_id")),
        sa.PrimaryKeyConstraint("bill_id", "from_on", name=op.f("pk_bill_hold")),
    )


def _bill_state() -> None:
    op.create_table(
        "bill_state",
        sa.Column("bill_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("since_on", types.CivilDate(), autoincrement=False, nullable=False),
        sa.Column("until_on", types.CivilDate(), nullable=False),
        sa.Column("community_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("due_on", types.CivilDate(), nullable=False),
        sa.Column("plan_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("principal_fen", sa.BigInteger(), nullable=False),
        sa.Column("costs_fen", sa.BigInteger(), nullable=False),
        sa.Column("late_paid_fen", sa.BigInteger(), nullable=False),
        sa.Column("late_waived_fen", sa.BigInteger(), nullable=False),
        sa.Column("cap_fen", sa.BigInteger(), nullable=False),
        sa.Column("silent_until_on", types.CivilDate(), nullable=False),
        sa.Column("anchor_on", types.CivilDate(), nullable=False),
        sa.Column("anchor_num", sa.BigInteger(), nullable=False),
        sa.Column("anchor_r", sa.BigInteger(), nullable=False),
        sa.Column("has_holds", sa.Boolean(), nullable=False),
        sa.Column("settled_on", types.CivilDate(), nullable=True),
        sa.CheckConstraint(
            "principal_fen >= 0 AND costs_fen >= 0 AND late_paid_fen >= 0 AND late_waived_fen >= 0 AND anchor_num >= 0",
            name=op.f("ck_bill_state_never_negative"),
        ),
        sa.CheckConstraint("since_on < until_on", name=op.f("ck_bill_state_half_open")),
        sa.ForeignKeyConstraint(["bill_id"], ["bill.id"], name=op.f("fk_bill_state_bill_id")),
        sa.PrimaryKeyConstraint("bill_id", "since_on", name=op.f("pk_bill_state")),
    )
    op.create_index(
        "ix_bill_state_open",
        "bill_state",
        [
            "community_id",
            "unit_id",
            "due_on",
            "since_on",
            "plan_id",
            "principal_fen",
            "costs_fen",
            "late_paid_fen",
            "late_waived_fen",
            "cap_fen",
            "silent_until_on",
            "anchor_num",
            "anchor_r",
            "has_holds",
            "bill_id",
            "until_on",
            "settled_on",
        ],
        unique=False,
        sqlite_where=sa.text("settled_on IS NULL AND until_on = 2932896"),
        postgresql_where=sa.text("settled_on IS NULL AND until_on = DATE '9999-12-31'"),
    )
    op.create_index(
        "ix_bill_state_past",
        "bill_state",
        ["until_on"],
        unique=False,
        sqlite_where=sa.text("settled_on IS NULL AND until_on < 2932896"),
        postgresql_where=sa.text("settled_on IS NULL AND until_on < DATE '9999-12-31'"),
    )
    op.create_index("ix_bill_state_unit", "bill_state", ["unit_id", "due_on"], unique=False)


def _document_file() -> None:
    op.create_table(
        "document_file",
        sa.Column("document_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("pages", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("rendered_at", types.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name=op.f("fk_document_file_document_id")),
        sa.UniqueConstraint("document_id", name=op.f("uq_document_file_document_id")),
    )


def _notice() -> None:
    op.create_table(
        "notice",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("batch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("community_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("document_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.String(length=24), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("nth", sa.SmallInteger(), nullable=False),
        sa.Column("as_of", types.CivilDate(), nullable=False),
        sa.Column("deadline_on", types.CivilDate(), nullable=False),
        sa.Column("principal_fen", sa.BigInteger(), nullable=False),
        sa.Column("late_charge_fen", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["notice_batch.id"], name=op.f("fk_notice_batch_id")),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_notice_community_id")),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name=op.f("fk_notice_document_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_notice_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
        sa.UniqueConstraint("community_id", "number", name=op.f("uq_notice_community_id_number")),
        sa.UniqueConstraint("unit_id", "level", "as_of", name=op.f("uq_notice_unit_id_level_as_of")),
    )
    op.create_index("ix_notice_batch", "notice", ["batch_id"], unique=False)
    op.create_index("ix_notice_unit", "notice", ["unit_id"], unique=False)


def _notice_bill() -> None:
    op.create_table(
        "notice_bill",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("notice_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("bill_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("principal_fen", sa.BigInteger(), nullable=False),
        sa.Column("late_charge_fen", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["bill_id"], ["bill.id"], name=op.f("fk_notice_bill_bill_id")),
        sa.ForeignKeyConstraint(["notice_id"], ["notice.id"], name=op.f("fk_notice_bill_notice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_bill")),
        sa.UniqueConstraint("notice_id", "bill_id", name=op.f("uq_notice_bill_notice_id_bill_id")),
    )


def _owner_token() -> None:
    op.create_table(
        "owner_token",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("notice_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_at", types.Instant(timezone=True), nullable=False),
        sa.Column("expires_at", types.Instant(timezone=True), nullable=False),
        sa.Column("revoked_at", types.Instant(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["notice_id"], ["notice.id"], name=op.f("fk_owner_token_notice_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_owner_token_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_owner_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_owner_token_token_hash")),
    )
    op.create_index("ix_owner_token_unit", "owner_token", ["unit_id"], unique=False)


def _owner_session() -> None:
    op.create_table(
        "owner_session",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("owner_token_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", types.Instant(timezone=True), nullable=False),
        sa.Column("seen_at", types.Instant(timezone=True), nullable=False),
        sa.Column("ended_at", types.Instant(timezone=True), nullable=True),
        sa.Column("ip", sa.String(length=45), server_default="", nullable=False),
        sa.Column("agent", sa.String(length=200), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["owner_token_id"], ["owner_token.id"], name=op.f("fk_owner_session_owner_token_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_owner_session_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_owner_session")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_owner_session_token_hash")),
    )
