"""What interrupts the limitation of bills, obstacles, base rates, and claims frozen to a date."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.store import triggers, types

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

TABLES = (
    "interruption",
    "interruption_end",
    "interruption_withdrawal",
    "obstacle",
    "obstacle_change",
    "bill_clock",
    "base_rate",
    "claim_freeze",
)
APPEND_ONLY = tuple(name for name in TABLES if name != "bill_clock")


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


def _interruption() -> None:
    op.create_table(
        "interruption",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("bill_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("community_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("happened_on", types.CivilDate(), nullable=False),
        sa.Column("ended_on", types.CivilDate(), nullable=True),
        sa.Column("proof_kind", sa.String(length=24), nullable=False),
        sa.Column("proof_id", sa.BigInteger(), nullable=False),
        sa.Column("nth", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("strength", sa.String(length=1), nullable=False),
        sa.Column("note", sa.String(length=200), server_default="", nullable=False),
        sa.Column("recorded_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("recorded_at", types.Instant(timezone=True), nullable=False),
        sa.CheckConstraint(
            "ended_on IS NULL OR (kind = 'proceeding' AND ended_on >= happened_on)", name=op.f("ck_interruption_ended")
        ),
        sa.CheckConstraint(
            "kind IN ('demand', 'part_payment', 'promise', 'demand_co_owner', 'promise_after_expiry', 'proceeding')",
            name=op.f("ck_interruption_kind"),
        ),
        sa.CheckConstraint("strength IN ('A', 'B', 'C')", name=op.f("ck_interruption_strength")),
        sa.ForeignKeyConstraint(["bill_id"], ["bill.id"], name=op.f("fk_interruption_bill_id")),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_interruption_community_id")),
        sa.ForeignKeyConstraint(["recorded_by"], ["app_user.id"], name=op.f("fk_interruption_recorded_by")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_interruption_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_interruption")),
        sa.UniqueConstraint(
            "bill_id",
            "kind",
            "proof_kind",
            "proof_id",
            "nth",
            name=op.f("uq_interruption_bill_id_kind_proof_kind_proof_id_nth"),
        ),
    )
    op.create_index("ix_interruption_proof", "interruption", ["proof_kind", "proof_id"], unique=False)
    op.create_index("ix_interruption_unit", "interruption", ["unit_id"], unique=False)


def _interruption_end() -> None:
    op.create_table(
        "interruption_end",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("interruption_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("ended_on", types.CivilDate(), nullable=False),
        sa.Column("recorded_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("recorded_at", types.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["interruption_id"], ["interruption.id"], name=op.f("fk_interruption_end_interruption_id")
        ),
        sa.ForeignKeyConstraint(["recorded_by"], ["app_user.id"], name=op.f("fk_interruption_end_recorded_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_interruption_end")),
        sa.UniqueConstraint("interruption_id", name=op.f("uq_interruption_end_interruption_id")),
    )


def _interruption_withdrawal() -> None:
    op.create_table(
        "interruption_withdrawal",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("interruption_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("recorded_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("recorded_at", types.Instant(timezone=True), nullable=False),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_interruption_withdrawal_reason")),
        sa.ForeignKeyConstraint(
            ["interruption_id"], ["interruption.id"], name=op.f("fk_interruption_withdrawal_interruption_id")
        ),
        sa.ForeignKeyConstraint(["recorded_by"], ["app_user.id"], name=op.f("fk_interruption_withdrawal_recorded_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_interruption_withdrawal")),
        sa.UniqueConstraint("interruption_id", name=op.f("uq_interruption_withdrawal_interruption_id")),
    )


def _obstacle() -> None:
    op.create_table(
        "obstacle",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("bill_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("community_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("entry_key", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.String(length=24), nullable=False),
        sa.Column("from_on", types.CivilDate(), nullable=False),
        sa.Column("until_on", types.CivilDate(), nullable=True),
        sa.Column("file_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("note", sa.String(length=200), server_default="", nullable=False),
        sa.Column("recorded_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("recorded_at", types.Instant(timezone=True), nullable=False),
        sa.CheckConstraint(
            "reason IN ('force_majeure', 'no_guardian', 'heirs_unknown', 'controlled', 'other')",
            name=op.f("ck_obstacle_reason"),
        ),
        sa.CheckConstraint("until_on IS NULL OR until_on >= from_on", name=op.f("ck_obstacle_dates")),
        sa.ForeignKeyConstraint(["bill_id"], ["bill.id"], name=op.f("fk_obstacle_bill_id")),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_obstacle_community_id")),
        sa.ForeignKeyConstraint(["file_id"], ["stored_file.id"], name=op.f("fk_obstacle_file_id")),
        sa.ForeignKeyConstraint(["recorded_by"], ["app_user.id"], name=op.f("fk_obstacle_recorded_by")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_obstacle_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_obstacle")),
        sa.UniqueConstraint("bill_id", "entry_key", name=op.f("uq_obstacle_bill_id_entry_key")),
    )
    op.create_index("ix_obstacle_entry", "obstacle", ["entry_key"], unique=False)
    op.create_index("ix_obstacle_unit", "obstacle", ["unit_id"], unique=False)


def _obstacle_change() -> None:
    op.create_table(
        "obstacle_change",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("obstacle_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("until_on", types.CivilDate(), nullable=True),
        sa.Column("reason", sa.String(length=200), server_default="", nullable=False),
        sa.Column("recorded_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("recorded_at", types.Instant(timezone=True), nullable=False),
        sa.CheckConstraint("(kind = 'ended') = (until_on IS NOT NULL)", name=op.f("ck_obstacle_change_until")),
        sa.CheckConstraint("kind IN ('ended', 'withdrawn')", name=op.f("ck_obstacle_change_kind")),
        sa.ForeignKeyConstraint(["obstacle_id"], ["obstacle.id"], name=op.f("fk_obstacle_change_obstacle_id")),
        sa.ForeignKeyConstraint(["recorded_by"], ["app_user.id"], name=op.f("fk_obstacle_change_recorded_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_obstacle_change")),
        sa.UniqueConstraint("obstacle_id", "kind", name=op.f("uq_obstacle_change_obstacle_id_kind")),
    )


def _bill_clock() -> None:
    op.create_table(
        "bill_clock",
        sa.Column("bill_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("community_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("base_on", types.CivilDate(), nullable=True),
        sa.Column("act_by_on", types.CivilDate(), nullable=True),
        sa.Column("last_kind", sa.String(length=24), server_default="", nullable=False),
        sa.Column("last_on", types.CivilDate(), nullable=True),
        sa.Column("proof_kind", sa.String(length=24), server_default="", nullable=False),
        sa.Column("proof_id", sa.BigInteger(), nullable=True),
        sa.Column("strength", sa.String(length=1), server_default="", nullable=False),
        sa.Column("late_events", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["bill_id"], ["bill.id"], name=op.f("fk_bill_clock_bill_id")),
        sa.PrimaryKeyConstraint("bill_id", name=op.f("pk_bill_clock")),
    )
    op.create_index("ix_bill_clock_act", "bill_clock", ["community_id", "act_by_on"], unique=False)
    op.create_index("ix_bill_clock_unit", "bill_clock", ["unit_id"], unique=False)


def _base_rate() -> None:
    op.create_table(
        "base_rate",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("from_on", types.CivilDate(), nullable=False),
        sa.Column("rate_e4", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("recorded_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("recorded_at", types.Instant(timezone=True), nullable=False),
        sa.CheckConstraint("source <> ''", name=op.f("ck_base_rate_source")),
        sa.CheckConstraint("rate_e4 > 0 AND rate_e4 < 10000", name=op.f("ck_base_rate_rate")),
        sa.ForeignKeyConstraint(["recorded_by"], ["app_user.id"], name=op.f("fk_base_rate_recorded_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_base_rate")),
    )
    op.create_index("ix_base_rate_from", "base_rate", ["from_on"], unique=False)


def _claim_freeze() -> None:
    op.create_table(
        "claim_freeze",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("community_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.String(length=24), nullable=False),
        sa.Column("as_of", types.CivilDate(), nullable=False),
        sa.Column("primary_basis", sa.String(length=20), nullable=False),
        sa.Column("alternative_basis", sa.String(length=20), nullable=False),
        sa.Column("principal_fen", sa.BigInteger(), nullable=False),
        sa.Column("claimed_fen", sa.BigInteger(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("facts_hash", sa.String(length=64), nullable=False),
        sa.Column("note", sa.String(length=200), server_default="", nullable=False),
        sa.Column("frozen_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("frozen_at", types.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_claim_freeze_community_id")),
        sa.ForeignKeyConstraint(["frozen_by"], ["app_user.id"], name=op.f("fk_claim_freeze_frozen_by")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_claim_freeze_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim_freeze")),
        sa.UniqueConstraint("community_id", "number", name=op.f("uq_claim_freeze_community_id_number")),
    )
    op.create_index("ix_claim_freeze_unit", "claim_freeze", ["unit_id"], unique=False)
