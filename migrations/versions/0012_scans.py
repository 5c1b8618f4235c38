"""Scanned slips, the queue of those to look at, and signatures taken at the door."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.store import triggers, types

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TABLES = ("scan_batch", "scan_slip", "scan_decision", "acknowledgement_withdrawal", "door_signing")
APPEND_ONLY = ("scan_decision", "acknowledgement_withdrawal", "door_signing")
SLIP = (
    "id, notice_id, unit_id, community_id, channel, document_sha256, signed_name, is_owner_name, strokes, "
    "picture_sha256, record_sha256, visit, signed_at, ip, agent"
)


def upgrade() -> None:
    """Make what this version adds."""
    _widen_acknowledgement()
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
    _narrow_acknowledgement()


def _widen_acknowledgement() -> None:
    """Let a slip be signed at the door, and a notice have a further slip once an earlier one was withdrawn."""
    if op.get_bind().dialect.name == "sqlite":
        _rewrite(channels="'screen', 'paper', 'door'", has_nth=True)
        return
    op.add_column("acknowledgement", sa.Column("nth", sa.SmallInteger(), server_default="1", nullable=False))
    op.drop_constraint("uq_acknowledgement_notice_id_channel", "acknowledgement", type_="unique")
    op.create_unique_constraint("uq_acknowledgement_notice_id_channel_nth", "acknowledgement", UNIQUE_WIDE)
    op.drop_constraint(op.f("ck_acknowledgement_channel"), "acknowledgement", type_="check")
    op.create_check_constraint(
        op.f("ck_acknowledgement_channel"), "acknowledgement", "channel IN ('screen', 'paper', 'door')"
    )


def _narrow_acknowledgement() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _rewrite(channels="'screen', 'paper'", has_nth=False)
        return
    for statement in triggers.drop("postgresql", "acknowledgement"):
        op.execute(statement)
    op.execute("DELETE FROM acknowledgement WHERE nth > 1 OR channel = 'door'")
    for statement in triggers.create("postgresql", "acknowledgement"):
        op.execute(statement)
    op.drop_constraint(op.f("ck_acknowledgement_channel"), "acknowledgement", type_="check")
    op.create_check_constraint(op.f("ck_acknowledgement_channel"), "acknowledgement", "channel IN ('screen', 'paper')")
    op.drop_constraint("uq_acknowledgement_notice_id_channel_nth", "acknowledgement", type_="unique")
    op.create_unique_constraint("uq_acknowledgement_notice_id_channel", "acknowledgement", ["notice_id", "channel"])
    op.drop_column("acknowledgement", "nth")


UNIQUE_WIDE = ["notice_id", "channel", "nth"]


def _rewrite(*, channels: str, has_nth: bool) -> None:
    """SQLite changes no constraint of a table: write the table anew, with its rows, index and guard."""
    nth = [sa.Column("nth", sa.SmallInteger(), server_default="1", nullable=False)] if has_nth else []
    unique = UNIQUE_WIDE if has_nth else UNIQUE_WIDE[:2]
    op.create_table(
        "acknowledgement_new",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("notice_id", ID, nullable=False),
        sa.Column("unit_id", ID, nullable=False),
        sa.Column("community_id", ID, nullable=False),
        sa.Column("channel", sa.String(length=12), server_default="screen", nullable=False),
        *nth,
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
        sa.CheckConstraint(f"channel IN ({channels})", name=op.f("ck_acknowledgement_channel")),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_acknowledgement_community_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_acknowledgement_unit_id")),
        sa.ForeignKeyConstraint(["notice_id"], ["notice.id"], name=op.f("fk_acknowledgement_notice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_acknowledgement")),
        sa.UniqueConstraint(*unique, name=op.f("uq_acknowledgement_" + "_".join(unique))),
    )
    kept = "" if has_nth else " WHERE nth = 1 AND channel <> 'door'"
    op.execute(f"INSERT INTO acknowledgement_new ({SLIP}) SELECT {SLIP} FROM acknowledgement{kept}")  # noqa: S608
    op.drop_table("acknowledgement")
    op.rename_table("acknowledgement_new", "acknowledgement")
    op.create_index("ix_acknowledgement_unit", "acknowledgement", ["unit_id"])
    for statement in triggers.create("sqlite", "acknowledgement"):
        op.execute(statement)


def _scan_batch() -> None:
    op.create_table(
        "scan_batch",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("community_id", ID, nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("media_type", sa.String(length=80), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("pages", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("state", sa.String(length=10), server_default="waiting", nullable=False),
        sa.Column("failure", sa.String(length=200), server_default="", nullable=False),
        sa.Column("uploaded_by", ID, nullable=False),
        sa.Column("uploaded_at", types.Instant(timezone=True), nullable=False),
        sa.Column("read_at", types.Instant(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'done', 'failed')", name=op.f("ck_scan_batch_state")),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_scan_batch_community_id")),
        sa.ForeignKeyConstraint(["uploaded_by"], ["app_user.id"], name=op.f("fk_scan_batch_uploaded_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scan_batch")),
        sa.UniqueConstraint("community_id", "sha256", name=op.f("uq_scan_batch_community_id_sha256")),
    )
    op.create_index("ix_scan_batch_state", "scan_batch", ["state"])


def _scan_slip() -> None:
    op.create_table(
        "scan_slip",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("batch_id", ID, nullable=False),
        sa.Column("community_id", ID, nullable=False),
        sa.Column("page", sa.SmallInteger(), nullable=False),
        sa.Column("place", sa.SmallInteger(), nullable=False),
        sa.Column("number", sa.String(length=24), server_default="", nullable=False),
        sa.Column("notice_id", ID, nullable=True),
        sa.Column("unit_id", ID, nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("parent_sha256", sa.String(length=64), nullable=False),
        sa.Column("slip_sha256", sa.String(length=64), server_default="", nullable=False),
        sa.Column("ticks_sha256", sa.String(length=64), server_default="", nullable=False),
        sa.Column("signature_sha256", sa.String(length=64), server_default="", nullable=False),
        sa.Column("reading", sa.Text(), server_default="{}", nullable=False),
        sa.Column("found_at", types.Instant(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('found', 'unknown', 'double', 'unreadable', 'confirmed', 'rejected')",
            name=op.f("ck_scan_slip_state"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('found', 'double', 'confirmed') OR notice_id IS NOT NULL", name=op.f("ck_scan_slip_filed")
        ),
        sa.ForeignKeyConstraint(["batch_id"], ["scan_batch.id"], name=op.f("fk_scan_slip_batch_id")),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_scan_slip_community_id")),
        sa.ForeignKeyConstraint(["notice_id"], ["notice.id"], name=op.f("fk_scan_slip_notice_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_scan_slip_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scan_slip")),
        sa.UniqueConstraint("batch_id", "page", "place", name=op.f("uq_scan_slip_batch_id_page_place")),
    )
    op.create_index("ix_scan_slip_state", "scan_slip", ["community_id", "state"])
    op.create_index("ix_scan_slip_notice", "scan_slip", ["notice_id"])


def _scan_decision() -> None:
    op.create_table(
        "scan_decision",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("slip_id", ID, nullable=False),
        sa.Column("community_id", ID, nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("notice_id", ID, nullable=True),
        sa.Column("received_on", types.CivilDate(), nullable=True),
        sa.Column("facts", sa.Text(), server_default="{}", nullable=False),
        sa.Column("reason", sa.String(length=200), server_default="", nullable=False),
        sa.Column("delivery_event_id", ID, nullable=True),
        sa.Column("acknowledgement_id", ID, nullable=True),
        sa.Column("undoes_id", ID, nullable=True),
        sa.Column("decided_at", types.Instant(timezone=True), nullable=False),
        sa.Column("decided_by", ID, nullable=False),
        sa.CheckConstraint(
            "kind IN ('numbered', 'confirmed', 'rejected', 'undone')", name=op.f("ck_scan_decision_kind")
        ),
        sa.CheckConstraint("(kind = 'undone') = (undoes_id IS NOT NULL)", name=op.f("ck_scan_decision_undone")),
        sa.CheckConstraint(
            "kind <> 'confirmed' OR (delivery_event_id IS NOT NULL AND received_on IS NOT NULL)",
            name=op.f("ck_scan_decision_proof"),
        ),
        sa.ForeignKeyConstraint(["slip_id"], ["scan_slip.id"], name=op.f("fk_scan_decision_slip_id")),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_scan_decision_community_id")),
        sa.ForeignKeyConstraint(["notice_id"], ["notice.id"], name=op.f("fk_scan_decision_notice_id")),
        sa.ForeignKeyConstraint(
            ["delivery_event_id"], ["delivery_event.id"], name=op.f("fk_scan_decision_delivery_event_id")
        ),
        sa.ForeignKeyConstraint(
            ["acknowledgement_id"], ["acknowledgement.id"], name=op.f("fk_scan_decision_acknowledgement_id")
        ),
        sa.ForeignKeyConstraint(["undoes_id"], ["scan_decision.id"], name=op.f("fk_scan_decision_undoes_id")),
        sa.ForeignKeyConstraint(["decided_by"], ["app_user.id"], name=op.f("fk_scan_decision_decided_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scan_decision")),
        sa.UniqueConstraint("undoes_id", name=op.f("uq_scan_decision_undoes_id")),
    )
    op.create_index("ix_scan_decision_slip", "scan_decision", ["slip_id"])


def _acknowledgement_withdrawal() -> None:
    op.create_table(
        "acknowledgement_withdrawal",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("acknowledgement_id", ID, nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("withdrawn_at", types.Instant(timezone=True), nullable=False),
        sa.Column("withdrawn_by", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["acknowledgement_id"],
            ["acknowledgement.id"],
            name=op.f("fk_acknowledgement_withdrawal_acknowledgement_id"),
        ),
        sa.ForeignKeyConstraint(
            ["withdrawn_by"], ["app_user.id"], name=op.f("fk_acknowledgement_withdrawal_withdrawn_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_acknowledgement_withdrawal")),
        sa.UniqueConstraint("acknowledgement_id", name=op.f("uq_acknowledgement_withdrawal_acknowledgement_id")),
    )


def _door_signing() -> None:
    op.create_table(
        "door_signing",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("acknowledgement_id", ID, nullable=False),
        sa.Column("notice_id", ID, nullable=False),
        sa.Column("delivery_event_id", ID, nullable=False),
        sa.Column("row_key", sa.String(length=32), nullable=False),
        sa.Column("relation", sa.String(length=10), nullable=False),
        sa.Column("context", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("photo_sha256", sa.String(length=64), server_default="", nullable=False),
        sa.Column("signed_at", types.Instant(timezone=True), nullable=False),
        sa.Column("witnessed_by", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["acknowledgement_id"], ["acknowledgement.id"], name=op.f("fk_door_signing_acknowledgement_id")
        ),
        sa.ForeignKeyConstraint(["notice_id"], ["notice.id"], name=op.f("fk_door_signing_notice_id")),
        sa.ForeignKeyConstraint(
            ["delivery_event_id"], ["delivery_event.id"], name=op.f("fk_door_signing_delivery_event_id")
        ),
        sa.ForeignKeyConstraint(["witnessed_by"], ["app_user.id"], name=op.f("fk_door_signing_witnessed_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_door_signing")),
        sa.UniqueConstraint("row_key", name=op.f("uq_door_signing_row_key")),
        sa.UniqueConstraint("acknowledgement_id", name=op.f("uq_door_signing_acknowledgement_id")),
    )
    op.create_index("ix_door_signing_notice", "door_signing", ["notice_id"])
