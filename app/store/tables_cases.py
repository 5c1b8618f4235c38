"""Court cases: parties, stages, deadlines, what was paid after filing, and who works on them."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from app.store.tables import _id, _ref, metadata
from app.store.types import BigId, CivilDate, Instant

court_case = Table(
    "court_case",
    metadata,
    _id(),
    _ref("community_id", "community"),
    _ref("unit_id", "unit"),
    Column("number", String(24), nullable=False),
    Column("claim_id", BigId),
    Column("path", String(20), nullable=False),
    Column("stage", String(16), nullable=False, server_default="draft"),
    Column("as_of", CivilDate, nullable=False),
    Column("principal_fen", BigInteger, nullable=False),
    Column("late_charge_fen", BigInteger, nullable=False),
    Column("costs_fen", BigInteger, nullable=False, server_default="0"),
    Column("court", String(120), nullable=False, server_default=""),
    Column("court_no", String(80), nullable=False, server_default=""),
    Column("path_facts", Text, nullable=False, server_default="{}"),
    Column("findings", Text, nullable=False, server_default="[]"),
    Column("override_reason", String(500), nullable=False, server_default=""),
    Column("opened_on", CivilDate, nullable=False),
    Column("opened_by", BigId, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("filed_on", CivilDate),
    Column("ended_on", CivilDate),
    Column("result", String(20), nullable=False, server_default=""),
    Column("closed_on", CivilDate),
    Column("note", Text, nullable=False, server_default=""),
    UniqueConstraint("community_id", "number"),
    Index("ix_court_case_stage", "community_id", "stage"),
    Index("ix_court_case_unit", "unit_id"),
)

# The bills are chosen when the case is opened and stay: what falls due later is another case or another claim.
case_bill = Table(
    "case_bill",
    metadata,
    _id(),
    _ref("case_id", "court_case"),
    _ref("bill_id", "bill"),
    Column("principal_fen", BigInteger, nullable=False),
    Column("late_charge_fen", BigInteger, nullable=False),
    Column("costs_fen", BigInteger, nullable=False, server_default="0"),
    UniqueConstraint("case_id", "bill_id"),
    Index("ix_case_bill_bill", "bill_id"),
)

case_party = Table(
    "case_party",
    metadata,
    _id(),
    _ref("case_id", "court_case"),
    Column("person_id", BigId),
    Column("role", String(12), nullable=False),
    Column("capacity", String(20), nullable=False),
    Column("name", String(120), nullable=False),
    Column("sex", String(4), nullable=False, server_default=""),
    Column("birth_on", CivilDate),
    Column("ethnicity", String(20), nullable=False, server_default=""),
    Column("employer", String(120), nullable=False, server_default=""),
    Column("address", String(200), nullable=False, server_default=""),
    Column("code", String(32), nullable=False, server_default=""),
    Column("representative", String(60), nullable=False, server_default=""),
    Column("is_joint", Boolean, nullable=False, server_default=text("false")),
    Column("reason", String(40), nullable=False, server_default=""),
    Column("note", String(200), nullable=False, server_default=""),
    Column("added_by", BigId, nullable=False),
    Column("added_at", Instant, nullable=False),
    Column("removed_by", BigId),
    Column("removed_at", Instant),
    CheckConstraint("role IN ('plaintiff', 'defendant', 'third')", name="role"),
    Index("ix_case_party_case", "case_id"),
)

case_step = Table(
    "case_step",
    metadata,
    _id(),
    _ref("case_id", "court_case"),
    Column("from_stage", String(16), nullable=False),
    Column("to_stage", String(16), nullable=False),
    Column("happened_on", CivilDate, nullable=False),
    Column("note", String(500), nullable=False, server_default=""),
    Column("undoes_id", BigId),
    Column("moved_by", BigId, nullable=False),
    Column("moved_at", Instant, nullable=False),
    UniqueConstraint("undoes_id"),
    Index("ix_case_step_case", "case_id"),
)

case_date = Table(
    "case_date",
    metadata,
    _id(),
    _ref("case_id", "court_case"),
    Column("kind", String(20), nullable=False),
    Column("due_on", CivilDate, nullable=False),
    Column("clock_time", String(5), nullable=False, server_default=""),
    Column("place", String(120), nullable=False, server_default=""),
    Column("article", String(60), nullable=False, server_default=""),
    Column("is_calendar_known", Boolean, nullable=False, server_default=text("true")),
    Column("step_id", BigId),
    Column("note", String(200), nullable=False, server_default=""),
    Column("added_by", BigId, nullable=False),
    Column("added_at", Instant, nullable=False),
    Column("done_by", BigId),
    Column("done_at", Instant),
    Column("cancelled_by", BigId),
    Column("cancelled_at", Instant),
    Index("ix_case_date_case", "case_id"),
    Index("ix_case_date_due", "due_on", "done_at"),
)

case_judgment = Table(
    "case_judgment",
    metadata,
    _id(),
    _ref("case_id", "court_case"),
    Column("kind", String(20), nullable=False),
    Column("number", String(80), nullable=False, server_default=""),
    Column("issued_on", CivilDate, nullable=False),
    Column("principal_fen", BigInteger, nullable=False),
    Column("late_charge_fen", BigInteger, nullable=False),
    Column("costs_fen", BigInteger, nullable=False, server_default="0"),
    Column("perform_by_on", CivilDate),
    Column("note", String(500), nullable=False, server_default=""),
    Column("recorded_by", BigId, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    CheckConstraint("principal_fen >= 0 AND late_charge_fen >= 0 AND costs_fen >= 0", name="amounts"),
    Index("ix_case_judgment_case", "case_id"),
)

case_plan = Table(
    "case_plan",
    metadata,
    _id(),
    _ref("case_id", "court_case"),
    Column("kind", String(12), nullable=False),
    Column("agreed_on", CivilDate, nullable=False),
    Column("total_fen", BigInteger, nullable=False),
    Column("note", String(500), nullable=False, server_default=""),
    Column("recorded_by", BigId, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    CheckConstraint("kind IN ('settlement', 'instalments')", name="kind"),
    CheckConstraint("total_fen > 0", name="total"),
    Index("ix_case_plan_case", "case_id"),
)

case_instalment = Table(
    "case_instalment",
    metadata,
    _id(),
    _ref("plan_id", "case_plan"),
    Column("nth", SmallInteger, nullable=False),
    Column("due_on", CivilDate, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    UniqueConstraint("plan_id", "nth"),
    CheckConstraint("amount_fen > 0", name="amount"),
)

# A cost entered by mistake is taken back by a row of the opposite sign that names it.
case_cost = Table(
    "case_cost",
    metadata,
    _id(),
    _ref("case_id", "court_case"),
    Column("kind", String(16), nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("paid_on", CivilDate, nullable=False),
    Column("borne_by", String(12), nullable=False),
    Column("note", String(200), nullable=False, server_default=""),
    Column("takes_back_id", BigId),
    Column("recorded_by", BigId, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    UniqueConstraint("takes_back_id"),
    CheckConstraint("amount_fen <> 0", name="amount"),
    CheckConstraint("borne_by IN ('us', 'debtor', 'open')", name="borne_by"),
    Index("ix_case_cost_case", "case_id"),
)

case_counsel = Table(
    "case_counsel",
    metadata,
    _id(),
    _ref("case_id", "court_case"),
    _ref("user_id", "app_user"),
    Column("expires_on", CivilDate, nullable=False),
    Column("assigned_by", BigId, nullable=False),
    Column("assigned_at", Instant, nullable=False),
    Column("ended_by", BigId),
    Column("ended_at", Instant),
    Index("ix_case_counsel_case", "case_id"),
    Index("ix_case_counsel_user", "user_id", "expires_on"),
)

case_comment = Table(
    "case_comment",
    metadata,
    _id(),
    _ref("case_id", "court_case"),
    Column("text", Text, nullable=False),
    Column("written_by", BigId, nullable=False),
    Column("written_at", Instant, nullable=False),
    Index("ix_case_comment_case", "case_id"),
)

case_file = Table(
    "case_file",
    metadata,
    _id(),
    _ref("case_id", "court_case"),
    Column("kind", String(20), nullable=False),
    Column("name", String(200), nullable=False),
    Column("media_type", String(80), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("note", String(200), nullable=False, server_default=""),
    Column("added_by", BigId, nullable=False),
    Column("added_at", Instant, nullable=False),
    Index("ix_case_file_case", "case_id"),
)

APPEND_ONLY = (
    case_bill,
    case_step,
    case_judgment,
    case_plan,
    case_instalment,
    case_cost,
    case_comment,
    case_file,
)
