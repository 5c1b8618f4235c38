"""What the office keeps of units and people: files, marks, changes, transfers, holds' papers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.store import triggers, types

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
APPEND_ONLY = ("unit_change", "estate_withdrawal")
TABLES = (
    "unit_mark",
    "unit_file",
    "unit_change",
    "person_change",
    "ownership_transfer",
    "estate_withdrawal",
    "hold_case",
)
RECORDED = ("contact", "vacancy", "unit_fee")


def upgrade() -> None:
    """Make what this version adds."""
    for name in TABLES:
        globals()[f"_{name}"]()
    op.add_column("person", sa.Column("phone_bad_on", types.CivilDate(), nullable=True))
    op.add_column("ownership", sa.Column("share", sa.String(length=20), server_default="", nullable=False))
    op.add_column("ownership", sa.Column("transfer_id", ID, nullable=True))
    for name in RECORDED:
        op.add_column(name, sa.Column("note", sa.String(length=200), server_default="", nullable=False))
        op.add_column(name, sa.Column("recorded_at", types.Instant(timezone=True), nullable=True))
        op.add_column(name, sa.Column("recorded_by", ID, nullable=True))
    op.create_index("ix_contact_unit", "contact", ["unit_id"], unique=False)
    op.create_index("ix_vacancy_unit", "vacancy", ["unit_id", "from_on"], unique=False)
    op.create_index("ix_audit_event_subject", "audit_event", ["subject"], unique=False)
    for table in APPEND_ONLY:
        for statement in triggers.create(op.get_bind().dialect.name, table):
            op.execute(statement)


def downgrade() -> None:
    """Take it away again."""
    for table in APPEND_ONLY:
        for statement in triggers.drop(op.get_bind().dialect.name, table):
            op.execute(statement)
    op.drop_index("ix_audit_event_subject", table_name="audit_event")
    op.drop_index("ix_vacancy_unit", table_name="vacancy")
    op.drop_index("ix_contact_unit", table_name="contact")
    for name in reversed(RECORDED):
        for column in ("recorded_by", "recorded_at", "note"):
            op.drop_column(name, column)
    op.drop_column("ownership", "transfer_id")
    op.drop_column("ownership", "share")
    op.drop_column("person", "phone_bad_on")
    for name in reversed(TABLES):
        op.drop_table(name)


def _unit_mark() -> None:
    op.create_table(
        "unit_mark",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("unit_id", ID, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("note", sa.String(length=200), server_default="", nullable=False),
        sa.Column("until_on", types.CivilDate(), nullable=True),
        sa.Column("marked_at", types.Instant(timezone=True), nullable=False),
        sa.Column("marked_by", ID, nullable=True),
        sa.Column("ended_at", types.Instant(timezone=True), nullable=True),
        sa.Column("ended_by", ID, nullable=True),
        sa.CheckConstraint("kind IN ('no_dunning', 'elderly', 'disabled', 'note')", name=op.f("ck_unit_mark_kind")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_unit_mark_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit_mark")),
    )
    op.create_index("ix_unit_mark_unit", "unit_mark", ["unit_id", "ended_at"], unique=False)


def _unit_file() -> None:
    op.create_table(
        "unit_file",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("community_id", ID, nullable=False),
        sa.Column("unit_id", ID, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("media_type", sa.String(length=80), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.String(length=200), server_default="", nullable=False),
        sa.Column("subject", sa.String(length=60), server_default="", nullable=False),
        sa.Column("added_at", types.Instant(timezone=True), nullable=False),
        sa.Column("added_by", ID, nullable=True),
        sa.Column("withdrawn_at", types.Instant(timezone=True), nullable=True),
        sa.Column("withdrawn_by", ID, nullable=True),
        sa.Column("withdrawn_reason", sa.String(length=200), server_default="", nullable=False),
        sa.CheckConstraint(
            "kind IN ('contract', 'identity', 'handover', 'authority', 'photo', 'other')",
            name=op.f("ck_unit_file_kind"),
        ),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_unit_file_community_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_unit_file_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit_file")),
    )
    op.create_index("ix_unit_file_unit", "unit_file", ["unit_id"], unique=False)


def _unit_change() -> None:
    op.create_table(
        "unit_change",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("unit_id", ID, nullable=False),
        sa.Column("field", sa.String(length=20), nullable=False),
        sa.Column("before", sa.String(length=60), server_default="", nullable=False),
        sa.Column("after", sa.String(length=60), server_default="", nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("changed_at", types.Instant(timezone=True), nullable=False),
        sa.Column("changed_by", ID, nullable=True),
        sa.CheckConstraint("field IN ('area', 'usage', 'handed_over')", name=op.f("ck_unit_change_field")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_unit_change_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit_change")),
    )
    op.create_index("ix_unit_change_unit", "unit_change", ["unit_id"], unique=False)


def _person_change() -> None:
    op.create_table(
        "person_change",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("unit_id", ID, nullable=False),
        sa.Column("field", sa.String(length=20), nullable=False),
        sa.Column("before_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("before", sa.String(length=80), server_default="", nullable=False),
        sa.Column("after", sa.String(length=80), server_default="", nullable=False),
        sa.Column("reason", sa.String(length=200), server_default="", nullable=False),
        sa.Column("changed_at", types.Instant(timezone=True), nullable=False),
        sa.Column("changed_by", ID, nullable=True),
        sa.CheckConstraint("field IN ('name', 'phone', 'id_number', 'phone_bad')", name=op.f("ck_person_change_field")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_person_change_person_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_person_change_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_change")),
    )
    op.create_index("ix_person_change_person", "person_change", ["person_id"], unique=False)
    op.create_index("ix_person_change_unit", "person_change", ["unit_id"], unique=False)


def _ownership_transfer() -> None:
    op.create_table(
        "ownership_transfer",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("community_id", ID, nullable=False),
        sa.Column("unit_id", ID, nullable=False),
        sa.Column("transfer_on", types.CivilDate(), nullable=False),
        sa.Column("source", sa.String(length=120), server_default="", nullable=False),
        sa.Column("note", sa.String(length=200), server_default="", nullable=False),
        sa.Column("credit", sa.String(length=12), server_default="none", nullable=False),
        sa.Column("facts", sa.Text(), server_default="{}", nullable=False),
        sa.Column("made_at", types.Instant(timezone=True), nullable=False),
        sa.Column("made_by", ID, nullable=True),
        sa.Column("reversed_at", types.Instant(timezone=True), nullable=True),
        sa.Column("reversed_by", ID, nullable=True),
        sa.Column("reversed_reason", sa.String(length=200), server_default="", nullable=False),
        sa.CheckConstraint("credit IN ('none', 'stays', 'refund')", name=op.f("ck_ownership_transfer_credit")),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_ownership_transfer_community_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_ownership_transfer_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ownership_transfer")),
    )
    op.create_index("ix_ownership_transfer_unit", "ownership_transfer", ["unit_id"], unique=False)


def _estate_withdrawal() -> None:
    op.create_table(
        "estate_withdrawal",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("unit_id", ID, nullable=False),
        sa.Column("noun", sa.String(length=12), nullable=False),
        sa.Column("person_id", ID, nullable=True),
        sa.Column("detail", sa.String(length=120), server_default="", nullable=False),
        sa.Column("from_on", types.CivilDate(), nullable=False),
        sa.Column("until_on", types.CivilDate(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("withdrawn_at", types.Instant(timezone=True), nullable=False),
        sa.Column("withdrawn_by", ID, nullable=True),
        sa.CheckConstraint(
            "noun IN ('owner', 'contact', 'vacancy', 'unit_fee')", name=op.f("ck_estate_withdrawal_noun")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_estate_withdrawal_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_estate_withdrawal")),
    )
    op.create_index("ix_estate_withdrawal_unit", "estate_withdrawal", ["unit_id"], unique=False)


def _hold_case() -> None:
    op.create_table(
        "hold_case",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("adjustment_id", ID, nullable=False),
        sa.Column("community_id", ID, nullable=False),
        sa.Column("unit_id", ID, nullable=False),
        sa.Column("is_objection", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("review_on", types.CivilDate(), nullable=True),
        sa.ForeignKeyConstraint(["adjustment_id"], ["adjustment.id"], name=op.f("fk_hold_case_adjustment_id")),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_hold_case_community_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_hold_case_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hold_case")),
    )
    op.create_index("ix_hold_case_adjustment", "hold_case", ["adjustment_id"], unique=True)
    op.create_index("ix_hold_case_community", "hold_case", ["community_id", "review_on"], unique=False)
    op.create_index("ix_hold_case_unit", "hold_case", ["unit_id"], unique=False)
