"""The register of deliveries: attempts and their events, addresses and their history, files of the post office."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.store import triggers, types

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TABLES = ("delivery_address", "delivery_address_event", "delivery", "delivery_event", "delivery_import")
APPEND_ONLY = ("delivery_address_event", "delivery_event", "delivery_import")


def upgrade() -> None:
    """Make what this version adds."""
    _delivery_address()
    _delivery_address_event()
    _delivery()
    _delivery_event()
    _delivery_import()
    dialect = op.get_bind().dialect.name
    for table in APPEND_ONLY:
        for statement in triggers.create(dialect, table):
            op.execute(statement)


def downgrade() -> None:
    """Take it away again."""
    for table in reversed(TABLES):
        op.drop_table(table)


def _delivery_address() -> None:
    op.create_table(
        "delivery_address",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("community_id", ID, nullable=False),
        sa.Column("unit_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=True),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("value_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("value_mask", sa.String(length=200), nullable=False),
        sa.Column("value_index", sa.LargeBinary(), nullable=False),
        sa.Column("row_key", sa.String(length=32), nullable=False),
        sa.Column("basis", sa.String(length=16), nullable=False),
        sa.Column("note", sa.String(length=200), server_default="", nullable=False),
        sa.Column("from_on", types.CivilDate(), nullable=False),
        sa.Column("until_on", types.CivilDate(), nullable=False),
        sa.Column("bad_on", types.CivilDate(), nullable=True),
        sa.Column("bad_reason", sa.String(length=200), server_default="", nullable=False),
        sa.Column("recorded_at", types.Instant(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "basis IN ('confirmed', 'contract', 'code', 'register', 'unit')", name=op.f("ck_delivery_address_basis")
        ),
        sa.CheckConstraint("kind IN ('address', 'phone', 'email')", name=op.f("ck_delivery_address_kind")),
        sa.CheckConstraint("from_on <= until_on", name=op.f("ck_delivery_address_in_order")),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_delivery_address_community_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_delivery_address_person_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_delivery_address_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_address")),
        sa.UniqueConstraint("row_key", name=op.f("uq_delivery_address_row_key")),
    )
    op.create_index("ix_delivery_address_bad", "delivery_address", ["community_id", "bad_on"])
    op.create_index("ix_delivery_address_unit", "delivery_address", ["unit_id", "kind"])


def _delivery_address_event() -> None:
    op.create_table(
        "delivery_address_event",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("address_id", ID, nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("happened_on", types.CivilDate(), nullable=False),
        sa.Column("reason", sa.String(length=200), server_default="", nullable=False),
        sa.Column("delivery_id", sa.BigInteger(), nullable=True),
        sa.Column("recorded_at", types.Instant(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('recorded', 'flagged', 'cleared', 'ended', 'resumed')",
            name=op.f("ck_delivery_address_event_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["address_id"], ["delivery_address.id"], name=op.f("fk_delivery_address_event_address_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_address_event")),
    )
    op.create_index("ix_delivery_address_event_address", "delivery_address_event", ["address_id"])


def _delivery() -> None:
    op.create_table(
        "delivery",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("community_id", ID, nullable=False),
        sa.Column("unit_id", ID, nullable=False),
        sa.Column("notice_id", ID, nullable=False),
        sa.Column("batch_id", ID, nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("attempt", sa.SmallInteger(), nullable=False),
        sa.Column("address_id", ID, nullable=True),
        sa.Column("to_address", sa.String(length=200), server_default="", nullable=False),
        sa.Column("post_number", sa.String(length=40), server_default="", nullable=False),
        sa.Column("content_line", sa.String(length=120), server_default="", nullable=False),
        sa.Column("state", sa.String(length=12), server_default="made", nullable=False),
        sa.Column("state_on", types.CivilDate(), nullable=False),
        sa.Column("dispatched_on", types.CivilDate(), nullable=True),
        sa.Column("arrived_on", types.CivilDate(), nullable=True),
        sa.Column("signed_on", types.CivilDate(), nullable=True),
        sa.Column("has_content", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("strength", sa.String(length=1), server_default="", nullable=False),
        sa.Column("source", sa.String(length=60), server_default="", nullable=False),
        sa.Column("opened_at", types.Instant(timezone=True), nullable=False),
        sa.Column("opened_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "channel IN ('hand', 'ems', 'post', 'mailbox', 'door', 'email', 'message', 'page')",
            name=op.f("ck_delivery_channel"),
        ),
        sa.CheckConstraint(
            "channel NOT IN ('mailbox', 'door') OR (arrived_on IS NULL AND signed_on IS NULL)",
            name=op.f("ck_delivery_posted"),
        ),
        sa.CheckConstraint(
            "state IN ('made', 'printed', 'sent', 'accepted', 'delivered', 'refused', 'returned', 'read', 'signed')",
            name=op.f("ck_delivery_state"),
        ),
        sa.CheckConstraint("strength IN ('', 'A', 'B', 'C', 'D')", name=op.f("ck_delivery_strength")),
        sa.ForeignKeyConstraint(["address_id"], ["delivery_address.id"], name=op.f("fk_delivery_address_id")),
        sa.ForeignKeyConstraint(["batch_id"], ["notice_batch.id"], name=op.f("fk_delivery_batch_id")),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_delivery_community_id")),
        sa.ForeignKeyConstraint(["notice_id"], ["notice.id"], name=op.f("fk_delivery_notice_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_delivery_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint("notice_id", "channel", "attempt", name=op.f("uq_delivery_notice_id_channel_attempt")),
    )
    op.create_index("ix_delivery_batch", "delivery", ["batch_id"])
    op.create_index("ix_delivery_state", "delivery", ["community_id", "state"])
    op.create_index("ix_delivery_unit", "delivery", ["unit_id"])
    op.create_index(
        "uq_delivery_post_number",
        "delivery",
        ["post_number"],
        unique=True,
        sqlite_where=sa.text("post_number <> ''"),
        postgresql_where=sa.text("post_number <> ''"),
    )


def _delivery_event() -> None:
    op.create_table(
        "delivery_event",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("delivery_id", ID, nullable=False),
        sa.Column("unit_id", ID, nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("happened_on", types.CivilDate(), nullable=False),
        sa.Column("happened_at", types.Instant(timezone=True), nullable=True),
        sa.Column("facts", sa.Text(), server_default="{}", nullable=False),
        sa.Column("files", sa.Text(), server_default="[]", nullable=False),
        sa.Column("source_key", sa.String(length=64), nullable=True),
        sa.Column("corrects_id", ID, nullable=True),
        sa.Column("recorded_at", types.Instant(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("(kind = 'corrected') = (corrects_id IS NOT NULL)", name=op.f("ck_delivery_event_corrects")),
        sa.ForeignKeyConstraint(["corrects_id"], ["delivery_event.id"], name=op.f("fk_delivery_event_corrects_id")),
        sa.ForeignKeyConstraint(["delivery_id"], ["delivery.id"], name=op.f("fk_delivery_event_delivery_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_delivery_event_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_event")),
        sa.UniqueConstraint("corrects_id", name=op.f("uq_delivery_event_corrects_id")),
        sa.UniqueConstraint("source_key", name=op.f("uq_delivery_event_source_key")),
    )
    op.create_index("ix_delivery_event_delivery", "delivery_event", ["delivery_id"])
    op.create_index("ix_delivery_event_unit", "delivery_event", ["unit_id"])


def _delivery_import() -> None:
    op.create_table(
        "delivery_import",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("community_id", ID, nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("filed", sa.Integer(), nullable=False),
        sa.Column("repeated", sa.Integer(), nullable=False),
        sa.Column("problems", sa.Text(), server_default="[]", nullable=False),
        sa.Column("recorded_at", types.Instant(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_delivery_import_community_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_import")),
    )
    op.create_index("ix_delivery_import_community", "delivery_import", ["community_id"])
