"""The till: shifts, unclaimed money, deposits, and days and months that are closed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.store import triggers, types

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TABLES = (
    "deposit_kind",
    "deposit",
    "deposit_entry",
    "unclaimed",
    "unclaimed_entry",
    "shift",
    "shift_line",
    "shift_confirmation",
    "period_close",
)
APPEND_ONLY = TABLES[1:]


def upgrade() -> None:
    """Make what this version adds."""
    op.create_index("ix_payment_recorder", "payment", ["recorded_by", "recorded_at"], unique=False)
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
    op.drop_index("ix_payment_recorder", table_name="payment")


def _deposit_kind() -> None:
    op.create_table(
        "deposit_kind",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("community_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("(true)"), nullable=False),
        sa.CheckConstraint("amount_fen >= 0", name=op.f("ck_deposit_kind_amount")),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_deposit_kind_community_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deposit_kind")),
        sa.UniqueConstraint("community_id", "name", name=op.f("uq_deposit_kind_community_id_name")),
    )


def _deposit() -> None:
    op.create_table(
        "deposit",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("community_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("payer", sa.String(length=80), server_default="", nullable=False),
        sa.Column("note", sa.String(length=200), server_default="", nullable=False),
        sa.Column("recorded_at", types.Instant(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_deposit_community_id")),
        sa.ForeignKeyConstraint(["kind_id"], ["deposit_kind.id"], name=op.f("fk_deposit_kind_id")),
        sa.ForeignKeyConstraint(["recorded_by"], ["app_user.id"], name=op.f("fk_deposit_recorded_by")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_deposit_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deposit")),
    )
    op.create_index("ix_deposit_community", "deposit", ["community_id", "id"], unique=False)
    op.create_index("ix_deposit_unit", "deposit", ["unit_id"], unique=False)


def _deposit_entry() -> None:
    op.create_table(
        "deposit_entry",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("deposit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("seq", sa.SmallInteger(), nullable=False),
        sa.Column("prev_seq", sa.SmallInteger(), nullable=True),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("before_fen", sa.BigInteger(), nullable=False),
        sa.Column("held_fen", sa.BigInteger(), nullable=False),
        sa.Column("till_fen", sa.BigInteger(), nullable=False),
        sa.Column("method", sa.String(length=20), nullable=False),
        sa.Column("reference", sa.String(length=80), server_default="", nullable=False),
        sa.Column("value_on", types.CivilDate(), nullable=False),
        sa.Column("reason", sa.String(length=200), server_default="", nullable=False),
        sa.Column("to_whom", sa.String(length=80), server_default="", nullable=False),
        sa.Column("reverses_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("document_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("recorded_at", types.Instant(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint("(kind = 'reversal') = (reverses_id IS NOT NULL)", name=op.f("ck_deposit_entry_reversal")),
        sa.CheckConstraint(
            "(seq = 1 AND prev_seq IS NULL AND before_fen = 0 AND kind = 'take') OR (seq > 1 AND prev_seq = seq - 1)",
            name=op.f("ck_deposit_entry_chain"),
        ),
        sa.CheckConstraint("kind IN ('take', 'deduct', 'return', 'reversal')", name=op.f("ck_deposit_entry_kind")),
        sa.CheckConstraint("amount_fen <= 1000000000000", name=op.f("ck_deposit_entry_amount")),
        sa.CheckConstraint(
            "held_fen = before_fen + amount_fen AND held_fen >= 0 AND amount_fen <> 0",
            name=op.f("ck_deposit_entry_held"),
        ),
        sa.CheckConstraint("till_fen = 0 OR till_fen = amount_fen", name=op.f("ck_deposit_entry_till")),
        sa.ForeignKeyConstraint(
            ["deposit_id", "prev_seq", "before_fen"],
            ["deposit_entry.deposit_id", "deposit_entry.seq", "deposit_entry.held_fen"],
            name="fk_deposit_entry_previous",
        ),
        sa.ForeignKeyConstraint(["deposit_id"], ["deposit.id"], name=op.f("fk_deposit_entry_deposit_id")),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name=op.f("fk_deposit_entry_document_id")),
        sa.ForeignKeyConstraint(["recorded_by"], ["app_user.id"], name=op.f("fk_deposit_entry_recorded_by")),
        sa.ForeignKeyConstraint(["reverses_id"], ["deposit_entry.id"], name=op.f("fk_deposit_entry_reverses_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deposit_entry")),
        sa.UniqueConstraint("deposit_id", "seq", "held_fen", name=op.f("uq_deposit_entry_deposit_id_seq_held_fen")),
        sa.UniqueConstraint("deposit_id", "seq", name=op.f("uq_deposit_entry_deposit_id_seq")),
        sa.UniqueConstraint("reverses_id", name=op.f("uq_deposit_entry_reverses_id")),
    )
    op.create_index("ix_deposit_entry_day", "deposit_entry", ["value_on"], unique=False)
    op.create_index("ix_deposit_entry_recorder", "deposit_entry", ["recorded_by", "recorded_at"], unique=False)


def _unclaimed() -> None:
    op.create_table(
        "unclaimed",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("community_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("received_on", types.CivilDate(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("method", sa.String(length=20), nullable=False),
        sa.Column("payer", sa.String(length=80), server_default="", nullable=False),
        sa.Column("reference", sa.String(length=80), server_default="", nullable=False),
        sa.Column("note", sa.String(length=200), server_default="", nullable=False),
        sa.Column("recorded_at", types.Instant(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint("amount_fen > 0 AND amount_fen <= 1000000000000", name=op.f("ck_unclaimed_amount")),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_unclaimed_community_id")),
        sa.ForeignKeyConstraint(["recorded_by"], ["app_user.id"], name=op.f("fk_unclaimed_recorded_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unclaimed")),
        sa.UniqueConstraint("id", "recorded_by", "amount_fen", name=op.f("uq_unclaimed_id_recorded_by_amount_fen")),
    )
    op.create_index("ix_unclaimed_day", "unclaimed", ["community_id", "received_on"], unique=False)
    op.create_index("ix_unclaimed_recorder", "unclaimed", ["recorded_by", "recorded_at"], unique=False)


def _unclaimed_entry() -> None:
    op.create_table(
        "unclaimed_entry",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("unclaimed_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("taken_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("total_fen", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.SmallInteger(), nullable=False),
        sa.Column("prev_seq", sa.SmallInteger(), nullable=True),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("before_fen", sa.BigInteger(), nullable=False),
        sa.Column("left_fen", sa.BigInteger(), nullable=False),
        sa.Column("payment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("method", sa.String(length=20), nullable=False),
        sa.Column("value_on", types.CivilDate(), nullable=False),
        sa.Column("to_whom", sa.String(length=80), server_default="", nullable=False),
        sa.Column("reason", sa.String(length=200), server_default="", nullable=False),
        sa.Column("recorded_at", types.Instant(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint("(kind = 'return') = (payment_id IS NULL)", name=op.f("ck_unclaimed_entry_payment")),
        sa.CheckConstraint(
            "kind = 'restore' OR recorded_by <> taken_by", name=op.f("ck_unclaimed_entry_second_person")
        ),
        sa.CheckConstraint("kind IN ('match', 'restore', 'return')", name=op.f("ck_unclaimed_entry_kind")),
        sa.CheckConstraint(
            "(seq = 1 AND prev_seq IS NULL AND before_fen = total_fen) OR (seq > 1 AND prev_seq = seq - 1)",
            name=op.f("ck_unclaimed_entry_chain"),
        ),
        sa.CheckConstraint(
            "left_fen = before_fen + amount_fen AND left_fen >= 0 AND left_fen <= total_fen AND amount_fen <> 0",
            name=op.f("ck_unclaimed_entry_left"),
        ),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_unclaimed_entry_payment_id")),
        sa.ForeignKeyConstraint(["recorded_by"], ["app_user.id"], name=op.f("fk_unclaimed_entry_recorded_by")),
        sa.ForeignKeyConstraint(
            ["unclaimed_id", "prev_seq", "before_fen"],
            ["unclaimed_entry.unclaimed_id", "unclaimed_entry.seq", "unclaimed_entry.left_fen"],
            name="fk_unclaimed_entry_previous",
        ),
        sa.ForeignKeyConstraint(
            ["unclaimed_id", "taken_by", "total_fen"],
            ["unclaimed.id", "unclaimed.recorded_by", "unclaimed.amount_fen"],
            name="fk_unclaimed_entry_unclaimed",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unclaimed_entry")),
        sa.UniqueConstraint("payment_id", "kind", name=op.f("uq_unclaimed_entry_payment_id_kind")),
        sa.UniqueConstraint(
            "unclaimed_id", "seq", "left_fen", name=op.f("uq_unclaimed_entry_unclaimed_id_seq_left_fen")
        ),
        sa.UniqueConstraint("unclaimed_id", "seq", name=op.f("uq_unclaimed_entry_unclaimed_id_seq")),
    )
    op.create_index("ix_unclaimed_entry_recorder", "unclaimed_entry", ["recorded_by", "recorded_at"], unique=False)


def _shift() -> None:
    op.create_table(
        "shift",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("community_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.String(length=24), nullable=False),
        sa.Column("cashier_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("from_at", types.Instant(timezone=True), nullable=False),
        sa.Column("until_at", types.Instant(timezone=True), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("total_fen", sa.BigInteger(), nullable=False),
        sa.Column("cash_fen", sa.BigInteger(), nullable=False),
        sa.Column("counted_fen", sa.BigInteger(), nullable=False),
        sa.Column("difference_fen", sa.BigInteger(), nullable=False),
        sa.Column("pieces", sa.Text(), nullable=False),
        sa.Column("totals", sa.Text(), nullable=False),
        sa.Column("reason", sa.String(length=200), server_default="", nullable=False),
        sa.Column("document_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint("difference_fen = 0 OR reason <> ''", name=op.f("ck_shift_reason")),
        sa.CheckConstraint("difference_fen = counted_fen - cash_fen", name=op.f("ck_shift_difference")),
        sa.CheckConstraint("lines > 0", name=op.f("ck_shift_lines")),
        sa.ForeignKeyConstraint(["cashier_id"], ["app_user.id"], name=op.f("fk_shift_cashier_id")),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_shift_community_id")),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name=op.f("fk_shift_document_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shift")),
        sa.UniqueConstraint("community_id", "number", name=op.f("uq_shift_community_id_number")),
        sa.UniqueConstraint("id", "cashier_id", name=op.f("uq_shift_id_cashier_id")),
    )
    op.create_index("ix_shift_cashier", "shift", ["cashier_id", "community_id", "until_at"], unique=False)


def _shift_line() -> None:
    op.create_table(
        "shift_line",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("shift_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("row_id", sa.BigInteger(), nullable=False),
        sa.Column("method", sa.String(length=20), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('payment', 'reversal', 'deposit', 'unclaimed', 'unclaimed_entry')",
            name=op.f("ck_shift_line_kind"),
        ),
        sa.ForeignKeyConstraint(["shift_id"], ["shift.id"], name=op.f("fk_shift_line_shift_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shift_line")),
        sa.UniqueConstraint("kind", "row_id", name=op.f("uq_shift_line_kind_row_id")),
    )
    op.create_index("ix_shift_line_shift", "shift_line", ["shift_id"], unique=False)


def _shift_confirmation() -> None:
    op.create_table(
        "shift_confirmation",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("shift_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("cashier_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("confirmed_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("confirmed_at", types.Instant(timezone=True), nullable=False),
        sa.Column("note", sa.String(length=200), server_default="", nullable=False),
        sa.CheckConstraint("confirmed_by <> cashier_id", name=op.f("ck_shift_confirmation_second_person")),
        sa.ForeignKeyConstraint(["confirmed_by"], ["app_user.id"], name=op.f("fk_shift_confirmation_confirmed_by")),
        sa.ForeignKeyConstraint(
            ["shift_id", "cashier_id"], ["shift.id", "shift.cashier_id"], name="fk_shift_confirmation_shift"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shift_confirmation")),
        sa.UniqueConstraint("shift_id", name=op.f("uq_shift_confirmation_shift_id")),
    )


def _period_close() -> None:
    op.create_table(
        "period_close",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("community_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("span", sa.String(length=8), nullable=False),
        sa.Column("first_on", types.CivilDate(), nullable=False),
        sa.Column("last_on", types.CivilDate(), nullable=False),
        sa.Column("version", sa.SmallInteger(), nullable=False),
        sa.Column("is_closed", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(length=200), server_default="", nullable=False),
        sa.Column("totals", sa.Text(), server_default="{}", nullable=False),
        sa.Column("heads_digest", sa.String(length=64), server_default="", nullable=False),
        sa.Column("document_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("recorded_at", types.Instant(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint("is_closed OR reason <> ''", name=op.f("ck_period_close_reason")),
        sa.CheckConstraint("span IN ('day', 'month')", name=op.f("ck_period_close_span")),
        sa.CheckConstraint("first_on <= last_on", name=op.f("ck_period_close_dates")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_period_close_version")),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_period_close_community_id")),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name=op.f("fk_period_close_document_id")),
        sa.ForeignKeyConstraint(["recorded_by"], ["app_user.id"], name=op.f("fk_period_close_recorded_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_period_close")),
        sa.UniqueConstraint(
            "community_id",
            "span",
            "first_on",
            "version",
            name=op.f("uq_period_close_community_id_span_first_on_version"),
        ),
    )
    op.create_index("ix_period_close_dates", "period_close", ["community_id", "last_on", "first_on"], unique=False)
