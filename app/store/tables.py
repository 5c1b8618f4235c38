"""The whole schema on one page."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from app.store.types import BigId, CivilDate, Instant

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_N_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

MAX_FEN = 1_000_000_000_000


def _id() -> Column[int]:
    return Column("id", BigId, primary_key=True, autoincrement=True)


def _ref(name: str, target: str, *, nullable: bool = False) -> Column[int]:
    return Column(name, BigId, ForeignKey(f"{target}.id"), nullable=nullable)


# --- the estate -----------------------------------------------------------------------------------

community = Table(
    "community",
    metadata,
    _id(),
    Column("name", String(120), nullable=False, unique=True),
    Column("address", String(200), nullable=False, server_default=""),
    Column("company_name", String(120), nullable=False, server_default=""),
    Column("company_code", String(32), nullable=False, server_default=""),
    Column("company_address", String(200), nullable=False, server_default=""),
    Column("office_phone", String(40), nullable=False, server_default=""),
    Column("office_hours", String(80), nullable=False, server_default=""),
    Column("contact_person", String(40), nullable=False, server_default=""),
    Column("payee_name", String(120), nullable=False, server_default=""),
    Column("payee_bank", String(120), nullable=False, server_default=""),
    Column("payee_account", String(60), nullable=False, server_default=""),
    Column("contract_title", String(160), nullable=False, server_default=""),
    Column("contract_no", String(60), nullable=False, server_default=""),
    Column("contract_on", CivilDate),
    Column("fee_clause", Text, nullable=False, server_default=""),
    Column("late_charge_clause", Text, nullable=False, server_default=""),
    Column("allocation_within", String(20), nullable=False, server_default="principal_first"),
    Column("allocation_across", String(20), nullable=False, server_default="oldest_first"),
    Column("credit_mode", String(20), nullable=False, server_default="apply_when_due"),
    Column("roll_due", Boolean, nullable=False, server_default=text("false")),
    Column("is_demo", Boolean, nullable=False, server_default=text("false")),
    Column("seal_sha256", String(64), nullable=False, server_default=""),
    Column("payee_qr_sha256", String(64), nullable=False, server_default=""),
    Column("payee_qr_shown_sha256", String(64), nullable=False, server_default=""),
)

unit = Table(
    "unit",
    metadata,
    _id(),
    _ref("community_id", "community"),
    Column("code", String(60), nullable=False),
    Column("label", String(80), nullable=False),
    Column("building", String(30), nullable=False),
    Column("entrance", String(30), nullable=False),
    Column("room", String(30), nullable=False),
    Column("floor", Integer),
    Column("sort_key", String(120), nullable=False),
    Column("search_key", Text, nullable=False, server_default=""),
    Column("usage_type", String(20), nullable=False, server_default="residential"),
    Column("area_e3", BigInteger, nullable=False),
    Column("handed_over_on", CivilDate),
    Column("import_id", BigId, ForeignKey("import_batch.id")),
    UniqueConstraint("community_id", "code"),
    Index("ix_unit_sort", "community_id", "sort_key"),
    CheckConstraint("area_e3 >= 0 AND area_e3 <= 100000000000", name="area"),
)

person = Table(
    "person",
    metadata,
    _id(),
    _ref("community_id", "community"),
    Column("name", String(80), nullable=False),
    Column("row_key", String(32), nullable=False, unique=True),
    Column("phone_sealed", LargeBinary),
    Column("phone_mask", String(24), nullable=False, server_default=""),
    Column("phone_tail", String(4), nullable=False, server_default=""),
    Column("phone_index", LargeBinary),
    Column("id_kind", String(20), nullable=False, server_default=""),
    Column("id_sealed", LargeBinary),
    Column("id_mask", String(24), nullable=False, server_default=""),
    Column("id_index", LargeBinary),
    Column("import_id", BigId, ForeignKey("import_batch.id")),
    Column("phone_bad_on", CivilDate),
    Index("ix_person_phone", "phone_index"),
)

ownership = Table(
    "ownership",
    metadata,
    _id(),
    _ref("unit_id", "unit"),
    _ref("person_id", "person"),
    Column("from_on", CivilDate, nullable=False),
    Column("until_on", CivilDate, nullable=False),
    Column("source", String(120), nullable=False, server_default=""),
    Column("import_id", BigId, ForeignKey("import_batch.id")),
    Column("share", String(20), nullable=False, server_default=""),
    Column("transfer_id", BigId),
    UniqueConstraint("unit_id", "person_id", "from_on"),
    CheckConstraint("from_on < until_on", name="half_open"),
)

contact = Table(
    "contact",
    metadata,
    _id(),
    _ref("unit_id", "unit"),
    _ref("person_id", "person"),
    Column("relation", String(20), nullable=False),
    Column("from_on", CivilDate, nullable=False),
    Column("until_on", CivilDate, nullable=False),
    Column("note", String(200), nullable=False, server_default=""),
    Column("recorded_at", Instant),
    Column("recorded_by", BigId),
    CheckConstraint("from_on < until_on", name="half_open"),
    Index("ix_contact_unit", "unit_id"),
)

vacancy = Table(
    "vacancy",
    metadata,
    _id(),
    _ref("unit_id", "unit"),
    Column("from_on", CivilDate, nullable=False),
    Column("until_on", CivilDate, nullable=False),
    Column("reported_on", CivilDate, nullable=False),
    Column("note", String(200), nullable=False, server_default=""),
    Column("recorded_at", Instant),
    Column("recorded_by", BigId),
    CheckConstraint("from_on < until_on", name="half_open"),
    Index("ix_vacancy_unit", "unit_id", "from_on"),
)

vacancy_rule = Table(
    "vacancy_rule",
    metadata,
    _id(),
    _ref("community_id", "community"),
    Column("from_on", CivilDate, nullable=False),
    Column("months", SmallInteger, nullable=False),
    Column("ratio_e4", Integer, nullable=False),
    Column("article", String(200), nullable=False),
    UniqueConstraint("community_id", "from_on"),
    CheckConstraint("ratio_e4 >= 0 AND ratio_e4 <= 10000 AND months >= 0", name="ratio"),
)

calendar_day = Table(
    "calendar_day",
    metadata,
    Column("day_on", CivilDate, primary_key=True),
    Column("is_working", Boolean, nullable=False),
    Column("source", String(120), nullable=False),
)

# --- fees, tariffs, late charge -------------------------------------------------------------------

fee_item = Table(
    "fee_item",
    metadata,
    _id(),
    _ref("community_id", "community"),
    Column("name", String(60), nullable=False),
    Column("basis", String(20), nullable=False),
    Column("cycle_months", SmallInteger, nullable=False, server_default="1"),
    Column("due_day", SmallInteger, nullable=False, server_default="10"),
    Column("due_in", String(20), nullable=False, server_default="first_month"),
    Column("plan_id", BigId, ForeignKey("rate_plan.id"), nullable=False),
    Column("starts_on", CivilDate, nullable=False),
    Column("applies_to", String(10), nullable=False, server_default="all"),
    Column("is_active", Boolean, nullable=False, server_default=text("true")),
    UniqueConstraint("community_id", "name"),
    CheckConstraint("cycle_months IN (1, 3, 6, 12)", name="cycle"),
    CheckConstraint("due_day BETWEEN 1 AND 31", name="due_day"),
    CheckConstraint("basis IN ('by_area', 'fixed', 'by_quantity', 'one_off')", name="basis"),
)

tariff = Table(
    "tariff",
    metadata,
    _id(),
    _ref("fee_item_id", "fee_item"),
    Column("usage_type", String(20), nullable=False, server_default=""),
    Column("from_on", CivilDate, nullable=False),
    Column("until_on", CivilDate, nullable=False),
    Column("price_e4", BigInteger, nullable=False),
    Column("addition_e4", BigInteger, nullable=False, server_default="0"),
    Column("source_clause", String(200), nullable=False, server_default=""),
    UniqueConstraint("fee_item_id", "usage_type", "from_on"),
    CheckConstraint("price_e4 >= 0", name="price"),
)

unit_fee = Table(
    "unit_fee",
    metadata,
    _id(),
    _ref("unit_id", "unit"),
    _ref("fee_item_id", "fee_item"),
    Column("quantity_e3", BigInteger, nullable=False, server_default="1000"),
    Column("price_e4", BigInteger),
    Column("from_on", CivilDate, nullable=False),
    Column("until_on", CivilDate, nullable=False),
    Column("note", String(200), nullable=False, server_default=""),
    Column("recorded_at", Instant),
    Column("recorded_by", BigId),
    UniqueConstraint("unit_id", "fee_item_id", "from_on"),
)

rate_plan = Table(
    "rate_plan",
    metadata,
    _id(),
    _ref("community_id", "community"),
    Column("name", String(60), nullable=False),
    Column("den", BigInteger, nullable=False),
    UniqueConstraint("community_id", "name"),
    CheckConstraint("den > 0", name="den"),
)

late_charge_policy = Table(
    "late_charge_policy",
    metadata,
    _id(),
    _ref("plan_id", "rate_plan"),
    Column("from_on", CivilDate, nullable=False),
    Column("rate", String(60), nullable=False),
    Column("grace_mode", String(10), nullable=False, server_default="none"),
    Column("grace_days", SmallInteger, nullable=False, server_default="0"),
    Column("cap_e4", Integer),
    Column("source_clause", String(400), nullable=False, server_default=""),
    UniqueConstraint("plan_id", "from_on"),
)

rate_segment = Table(
    "rate_segment",
    metadata,
    _ref("plan_id", "rate_plan"),
    Column("from_on", CivilDate, nullable=False),
    Column("until_on", CivilDate, nullable=False),
    Column("num", BigInteger, nullable=False),
    Column("cum", BigInteger, nullable=False),
    UniqueConstraint("plan_id", "from_on"),
)

# --- the ledger: truth (append-only) --------------------------------------------------------------

account = Table(
    "account",
    metadata,
    Column("unit_id", BigId, ForeignKey("unit.id"), primary_key=True, autoincrement=False),
    _ref("community_id", "community"),
    Column("head_seq", Integer, nullable=False, server_default="0"),
    Column("head_hash", String(64), nullable=False, server_default=""),
    Column("credit_fen", BigInteger, nullable=False, server_default="0"),
    Column("next_credit_on", CivilDate),
    Column("has_events", Boolean, nullable=False, server_default=text("false")),
    Column("through_on", CivilDate),
    Column("closed_through_on", CivilDate),
    Column("problem_code", String(60)),
    CheckConstraint("credit_fen >= 0", name="credit"),
    Index("ix_account_due_work", "community_id", "closed_through_on"),
)

ledger_entry = Table(
    "ledger_entry",
    metadata,
    _id(),
    _ref("unit_id", "unit"),
    Column("seq", Integer, nullable=False),
    Column("kind", String(24), nullable=False),
    Column("value_on", CivilDate, nullable=False),
    Column("row_id", BigInteger, nullable=False),
    Column("payload", Text, nullable=False),
    Column("prev_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    UniqueConstraint("unit_id", "seq"),
    CheckConstraint("seq >= 1", name="seq"),
)

billing_run = Table(
    "billing_run",
    metadata,
    _id(),
    _ref("community_id", "community"),
    Column("period", String(7), nullable=False),
    Column("posted_by", BigId, ForeignKey("app_user.id")),
    Column("posted_at", Instant, nullable=False),
    Column("bills", Integer, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
)

bill = Table(
    "bill",
    metadata,
    _id(),
    _ref("community_id", "community"),
    _ref("unit_id", "unit"),
    _ref("fee_item_id", "fee_item"),
    Column("period_from_on", CivilDate, nullable=False),
    Column("period_to_on", CivilDate, nullable=False),
    Column("issue", SmallInteger, nullable=False, server_default="0"),
    Column("principal_fen", BigInteger, nullable=False),
    Column("costs_fen", BigInteger, nullable=False, server_default="0"),
    Column("issued_on", CivilDate, nullable=False),
    Column("due_on", CivilDate, nullable=False),
    Column("plan_id", BigId, ForeignKey("rate_plan.id"), nullable=False),
    Column("grace_mode", String(10), nullable=False, server_default="none"),
    Column("grace_days", SmallInteger, nullable=False, server_default="0"),
    Column("cap_fen", BigInteger),
    Column("quantity_e3", BigInteger),
    Column("price_e4", BigInteger),
    Column("months", SmallInteger),
    Column("run_id", BigId, ForeignKey("billing_run.id")),
    Column("import_id", BigId, ForeignKey("import_batch.id")),
    UniqueConstraint("unit_id", "fee_item_id", "period_from_on", "issue"),
    Index("ix_bill_unit_due", "unit_id", "due_on"),
    Index("ix_bill_run", "run_id"),
    Index("ix_bill_import", "import_id"),
    CheckConstraint(f"principal_fen >= 0 AND principal_fen <= {MAX_FEN}", name="principal"),
    CheckConstraint("period_from_on <= period_to_on", name="period"),
)

payment = Table(
    "payment",
    metadata,
    _id(),
    _ref("community_id", "community"),
    _ref("unit_id", "unit"),
    Column("received_on", CivilDate, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("method", String(20), nullable=False),
    Column("reference", String(80), nullable=False, server_default=""),
    Column("payer", String(80), nullable=False, server_default=""),
    Column("note", String(200), nullable=False, server_default=""),
    Column("designated", Text, nullable=False, server_default="[]"),
    Column("recorded_at", Instant, nullable=False),
    Column("recorded_by", BigId, ForeignKey("app_user.id")),
    Column("import_id", BigId, ForeignKey("import_batch.id")),
    Index("ix_payment_unit", "unit_id", "received_on"),
    Index("ix_payment_day", "community_id", "received_on"),
    Index("ix_payment_recorder", "recorded_by", "recorded_at"),
    CheckConstraint(f"amount_fen > 0 AND amount_fen <= {MAX_FEN}", name="amount"),
)

adjustment = Table(
    "adjustment",
    metadata,
    _id(),
    _ref("unit_id", "unit"),
    Column("kind", String(24), nullable=False),
    Column("value_on", CivilDate, nullable=False),
    Column("until_on", CivilDate),
    Column("bill_ids", Text, nullable=False, server_default="[]"),
    Column("amount_fen", BigInteger),
    Column("ratio", String(40)),
    Column("is_retroactive", Boolean, nullable=False, server_default=text("false")),
    Column("request_id", BigId, ForeignKey("waiver_request.id")),
    Column("stops_accrual", Boolean, nullable=False, server_default=text("true")),
    Column("stops_dunning", Boolean, nullable=False, server_default=text("false")),
    Column("stops_contact", Boolean, nullable=False, server_default=text("false")),
    Column("reason", String(200), nullable=False, server_default=""),
    Column("recorded_at", Instant, nullable=False),
    Column("recorded_by", BigId, ForeignKey("app_user.id")),
    Index("ix_adjustment_unit", "unit_id"),
    CheckConstraint(
        "kind IN ('discount', 'late_charge_waiver', 'conditional_waiver', 'hold')",
        name="kind",
    ),
)

reversal = Table(
    "reversal",
    metadata,
    _id(),
    _ref("unit_id", "unit"),
    Column("target_kind", String(12), nullable=False),
    Column("target_id", BigInteger, nullable=False),
    Column("value_on", CivilDate, nullable=False),
    Column("reason", String(200), nullable=False, server_default=""),
    Column("recorded_at", Instant, nullable=False),
    Column("recorded_by", BigId, ForeignKey("app_user.id")),
    UniqueConstraint("target_kind", "target_id"),
    Index("ix_reversal_unit", "unit_id"),
    CheckConstraint("target_kind IN ('payment', 'adjustment', 'bill')", name="target"),
)

allocation = Table(
    "allocation",
    metadata,
    _id(),
    _ref("unit_id", "unit"),
    _ref("payment_id", "payment"),
    _ref("bill_id", "bill"),
    Column("component", String(12), nullable=False),
    Column("value_on", CivilDate, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("entry_id", BigId, ForeignKey("ledger_entry.id"), nullable=False),
    Index("ix_allocation_unit", "unit_id"),
    Index("ix_allocation_payment", "payment_id"),
    CheckConstraint("component IN ('principal', 'late_charge', 'costs')", name="component"),
    CheckConstraint("amount_fen <> 0", name="amount"),
)

# --- the running state: derived, then remembered; verify recomputes it ------------------------------

bill_state = Table(
    "bill_state",
    metadata,
    Column("bill_id", BigId, ForeignKey("bill.id"), primary_key=True, autoincrement=False),
    Column("since_on", CivilDate, primary_key=True, autoincrement=False),
    Column("until_on", CivilDate, nullable=False),
    Column("community_id", BigId, nullable=False),
    Column("unit_id", BigId, nullable=False),
    Column("due_on", CivilDate, nullable=False),
    Column("plan_id", BigId, nullable=False),
    Column("principal_fen", BigInteger, nullable=False),
    Column("costs_fen", BigInteger, nullable=False),
    Column("late_paid_fen", BigInteger, nullable=False),
    Column("late_waived_fen", BigInteger, nullable=False),
    Column("cap_fen", BigInteger, nullable=False),
    Column("silent_until_on", CivilDate, nullable=False),
    Column("anchor_on", CivilDate, nullable=False),
    Column("anchor_num", BigInteger, nullable=False),
    Column("anchor_r", BigInteger, nullable=False),
    Column("has_holds", Boolean, nullable=False),
    Column("settled_on", CivilDate),
    CheckConstraint(
        "principal_fen >= 0 AND costs_fen >= 0 AND late_paid_fen >= 0 AND late_waived_fen >= 0 AND anchor_num >= 0",
        name="never_negative",
    ),
    CheckConstraint("since_on < until_on", name="half_open"),
)

# What is open now is read from one covering index, however long the history behind it; 9999-12-31 is "until further
# notice" (day 2932896 on SQLite), and both engines need the very literal to see that the index will do.
Index(
    "ix_bill_state_open",
    bill_state.c.community_id,
    bill_state.c.unit_id,
    bill_state.c.due_on,
    bill_state.c.since_on,
    bill_state.c.plan_id,
    bill_state.c.principal_fen,
    bill_state.c.costs_fen,
    bill_state.c.late_paid_fen,
    bill_state.c.late_waived_fen,
    bill_state.c.cap_fen,
    bill_state.c.silent_until_on,
    bill_state.c.anchor_num,
    bill_state.c.anchor_r,
    bill_state.c.has_holds,
    bill_state.c.bill_id,
    bill_state.c.until_on,
    bill_state.c.settled_on,
    sqlite_where=text("settled_on IS NULL AND until_on = 2932896"),
    postgresql_where=text("settled_on IS NULL AND until_on = DATE '9999-12-31'"),
)
Index(
    "ix_bill_state_past",
    bill_state.c.until_on,
    sqlite_where=text("settled_on IS NULL AND until_on < 2932896"),
    postgresql_where=text("settled_on IS NULL AND until_on < DATE '9999-12-31'"),
)
Index("ix_bill_state_unit", bill_state.c.unit_id, bill_state.c.due_on)

bill_hold = Table(
    "bill_hold",
    metadata,
    Column("bill_id", BigId, ForeignKey("bill.id"), primary_key=True, autoincrement=False),
    Column("from_on", CivilDate, primary_key=True, autoincrement=False),
    Column("to_on", CivilDate, nullable=False),
    Column("r_before", BigInteger, nullable=False),
    Column("r_to", BigInteger, nullable=False),
)
