"""What owners read, sign, dispute, ask for and pay on their page."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.store import triggers, types

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TABLES = (
    "owner_code",
    "owner_visit",
    "notice_reading",
    "acknowledgement",
    "owner_request",
    "owner_request_event",
    "payment_intent",
    "payment_callback",
)
APPEND_ONLY = ("notice_reading", "acknowledgement", "owner_request_event", "payment_callback")
NEW_COLUMNS = (
    ("community", "payee_qr_sha256", sa.String(length=64), ""),
    ("community", "payee_qr_shown_sha256", sa.String(length=64), ""),
    ("stored_file", "shown_sha256", sa.String(length=64), ""),
    ("stored_file", "is_encrypted", sa.Boolean(), sa.text("false")),
)


def upgrade() -> None:
    """Make what this version adds."""
    for table, name, kind, default in NEW_COLUMNS:
        op.add_column(table, sa.Column(name, kind, server_default=default, nullable=False))
    _owner_code()
    _owner_visit()
    _notice_reading()
    _acknowledgement()
    _owner_request()
    _owner_request_event()
    _payment_intent()
    _payment_callback()
    dialect = op.get_bind().dialect.name
    for table in APPEND_ONLY:
        for statement in triggers.create(dialect, table):
            op.execute(statement)


def downgrade() -> None:
    """Take it away again."""
    for table in reversed(TABLES):
        op.drop_table(table)
    for table, name, _, _ in reversed(NEW_COLUMNS):
        op.drop_column(table, name)


def _owner_code() -> None:
    op.create_table(
        "owner_code",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("phone_index", sa.LargeBinary(), nullable=False),
        sa.Column("phone_mask", sa.String(length=24), nullable=False),
        sa.Column("challenge_hash", sa.LargeBinary(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("is_known", sa.Boolean(), nullable=False),
        sa.Column("tries", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("ip", sa.String(length=45), server_default="", nullable=False),
        sa.Column("created_at", types.Instant(timezone=True), nullable=False),
        sa.Column("expires_at", types.Instant(timezone=True), nullable=False),
        sa.Column("used_at", types.Instant(timezone=True), nullable=True),
        sa.CheckConstraint("tries >= 0 AND tries <= 5", name=op.f("ck_owner_code_tries")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_owner_code")),
        sa.UniqueConstraint("challenge_hash", name=op.f("uq_owner_code_challenge_hash")),
    )
    op.create_index("ix_owner_code_ip", "owner_code", ["ip", "created_at"])
    op.create_index("ix_owner_code_phone", "owner_code", ["phone_index", "created_at"])


def _owner_visit() -> None:
    op.create_table(
        "owner_visit",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("owner_code_id", ID, nullable=False),
        sa.Column("phone_index", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", types.Instant(timezone=True), nullable=False),
        sa.Column("seen_at", types.Instant(timezone=True), nullable=False),
        sa.Column("ended_at", types.Instant(timezone=True), nullable=True),
        sa.Column("ip", sa.String(length=45), server_default="", nullable=False),
        sa.Column("agent", sa.String(length=200), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["owner_code_id"], ["owner_code.id"], name=op.f("fk_owner_visit_owner_code_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_owner_visit")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_owner_visit_token_hash")),
    )
    op.create_index("ix_owner_visit_phone", "owner_visit", ["phone_index"])


def _notice_reading() -> None:
    op.create_table(
        "notice_reading",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("notice_id", ID, nullable=False),
        sa.Column("unit_id", ID, nullable=False),
        sa.Column("document_sha256", sa.String(length=64), nullable=False),
        sa.Column("visit", sa.String(length=24), nullable=False),
        sa.Column("read_at", types.Instant(timezone=True), nullable=False),
        sa.Column("ip", sa.String(length=45), server_default="", nullable=False),
        sa.Column("agent", sa.String(length=200), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["notice_id"], ["notice.id"], name=op.f("fk_notice_reading_notice_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_notice_reading_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_reading")),
        sa.UniqueConstraint("notice_id", "visit", name=op.f("uq_notice_reading_notice_id_visit")),
    )
    op.create_index("ix_notice_reading_unit", "notice_reading", ["unit_id"])


def _acknowledgement() -> None:
    op.create_table(
        "acknowledgement",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("notice_id", ID, nullable=False),
        sa.Column("unit_id", ID, nullable=False),
        sa.Column("community_id", ID, nullable=False),
        sa.Column("channel", sa.String(length=12), server_default="screen", nullable=False),
        sa.Column("document_sha256", sa.String(length=64), nullable=False),
        sa.Column("signed_name", sa.String(length=80), nullable=False),
        sa.Column("is_owner_name", sa.Boolean(), nullable=False),
        sa.Column("strokes", sa.Text(), server_default="[]", nullable=False),
        sa.Column("picture_sha256", sa.String(length=64), server_default="", nullable=False),
        sa.Column("record_sha256", sa.String(length=64), nullable=False),
        sa.Column("visit", sa.String(length=24), nullable=False),
        sa.Column("signed_at", types.Instant(timezone=True), nullable=False),
        sa.Column("ip", sa.String(length=45), server_default="", nullable=False),
        sa.Column("agent", sa.String(length=200), server_default="", nullable=False),
        sa.CheckConstraint("channel IN ('screen', 'paper')", name=op.f("ck_acknowledgement_channel")),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_acknowledgement_community_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_acknowledgement_unit_id")),
        sa.ForeignKeyConstraint(["notice_id"], ["notice.id"], name=op.f("fk_acknowledgement_notice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_acknowledgement")),
        sa.UniqueConstraint("notice_id", "channel", name=op.f("uq_acknowledgement_notice_id_channel")),
    )
    op.create_index("ix_acknowledgement_unit", "acknowledgement", ["unit_id"])


def _owner_request() -> None:
    op.create_table(
        "owner_request",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("community_id", ID, nullable=False),
        sa.Column("unit_id", ID, nullable=False),
        sa.Column("number", sa.String(length=24), nullable=False),
        sa.Column("row_key", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=12), server_default="open", nullable=False),
        sa.Column("bill_ids", sa.Text(), server_default="[]", nullable=False),
        sa.Column("topic", sa.String(length=40), server_default="", nullable=False),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("months", sa.SmallInteger(), nullable=True),
        sa.Column("first_on", types.CivilDate(), nullable=True),
        sa.Column("due_on", types.CivilDate(), nullable=False),
        sa.Column("is_restricted", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("visit", sa.String(length=24), server_default="", nullable=False),
        sa.Column("made_at", types.Instant(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(length=20), server_default="", nullable=False),
        sa.Column("answer", sa.Text(), server_default="", nullable=False),
        sa.Column("answered_by", ID, nullable=True),
        sa.Column("answered_at", types.Instant(timezone=True), nullable=True),
        sa.Column("hold_id", ID, nullable=True),
        sa.CheckConstraint(
            "kind IN ('dispute', 'instalments', 'hardship', 'correction')", name=op.f("ck_owner_request_kind")
        ),
        sa.CheckConstraint(
            "state <> 'answered' OR (answered_by IS NOT NULL AND answer <> '')", name=op.f("ck_owner_request_answered")
        ),
        sa.CheckConstraint("state IN ('open', 'answered', 'closed', 'withdrawn')", name=op.f("ck_owner_request_state")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_owner_request_unit_id")),
        sa.ForeignKeyConstraint(["answered_by"], ["app_user.id"], name=op.f("fk_owner_request_answered_by")),
        sa.ForeignKeyConstraint(["hold_id"], ["adjustment.id"], name=op.f("fk_owner_request_hold_id")),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_owner_request_community_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_owner_request")),
        sa.UniqueConstraint("community_id", "number", name=op.f("uq_owner_request_community_id_number")),
        sa.UniqueConstraint("row_key", name=op.f("uq_owner_request_row_key")),
    )
    op.create_index("ix_owner_request_due", "owner_request", ["community_id", "state", "due_on"])
    op.create_index("ix_owner_request_unit", "owner_request", ["unit_id", "made_at"])


def _owner_request_event() -> None:
    op.create_table(
        "owner_request_event",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("request_id", ID, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("at", types.Instant(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=60), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["request_id"], ["owner_request.id"], name=op.f("fk_owner_request_event_request_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_owner_request_event")),
    )
    op.create_index("ix_owner_request_event_request", "owner_request_event", ["request_id"])


def _payment_intent() -> None:
    op.create_table(
        "payment_intent",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("community_id", ID, nullable=False),
        sa.Column("unit_id", ID, nullable=False),
        sa.Column("reference", sa.String(length=40), nullable=False),
        sa.Column("gateway", sa.String(length=20), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("bill_ids", sa.Text(), server_default="[]", nullable=False),
        sa.Column("state", sa.String(length=12), server_default="waiting", nullable=False),
        sa.Column("visit", sa.String(length=24), server_default="", nullable=False),
        sa.Column("made_at", types.Instant(timezone=True), nullable=False),
        sa.Column("expires_at", types.Instant(timezone=True), nullable=False),
        sa.Column("payment_id", ID, nullable=True),
        sa.Column("paid_at", types.Instant(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'paid', 'failed')", name=op.f("ck_payment_intent_state")),
        sa.CheckConstraint("amount_fen > 0 AND amount_fen <= 1000000000000", name=op.f("ck_payment_intent_amount")),
        sa.CheckConstraint("(state = 'paid') = (payment_id IS NOT NULL)", name=op.f("ck_payment_intent_paid")),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_payment_intent_community_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_payment_intent_unit_id")),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_payment_intent_payment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_intent")),
        sa.UniqueConstraint("payment_id", name=op.f("uq_payment_intent_payment_id")),
        sa.UniqueConstraint("reference", name=op.f("uq_payment_intent_reference")),
    )
    op.create_index("ix_payment_intent_unit", "payment_intent", ["unit_id"])


def _payment_callback() -> None:
    op.create_table(
        "payment_callback",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("gateway", sa.String(length=20), nullable=False),
        sa.Column("event_id", sa.String(length=80), nullable=False),
        sa.Column("reference", sa.String(length=40), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("body_sha256", sa.String(length=64), nullable=False),
        sa.Column("received_at", types.Instant(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_callback")),
        sa.UniqueConstraint("gateway", "event_id", name=op.f("uq_payment_callback_gateway_event_id")),
    )
    op.create_index("ix_payment_callback_reference", "payment_callback", ["reference"])
