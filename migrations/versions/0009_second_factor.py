"""The second factor, recovery codes, sessions and the reach of users."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.store import chain, triggers, types

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
FALSE = sa.text("(false)")
EVENT_INDEXES = (
    ("ix_audit_event_actor", "actor"),
    ("ix_audit_event_action", "action"),
    ("ix_audit_event_community", "community_id"),
)


def upgrade() -> None:
    """Make what this version adds."""
    op.add_column("app_user", sa.Column("all_communities", sa.Boolean(), server_default=FALSE, nullable=False))
    op.execute("UPDATE app_user SET all_communities = true WHERE id NOT IN (SELECT user_id FROM user_community)")
    op.add_column("user_session", sa.Column("is_pending", sa.Boolean(), server_default=FALSE, nullable=False))
    op.add_column("user_session", sa.Column("parked", sa.LargeBinary(), nullable=True))
    op.add_column("user_session", sa.Column("parked_at", types.Instant(timezone=True), nullable=True))
    op.create_index("ix_user_session_user", "user_session", ["user_id"])
    for name, column in EVENT_INDEXES:
        op.create_index(name, "audit_event", [column])
    _second_factor()
    _recovery_code()
    _password_link()
    _audit_seal()
    _seal_what_is_there()
    for statement in triggers.create(op.get_bind().dialect.name, "audit_seal"):
        op.execute(statement)


def downgrade() -> None:
    """Take it away again."""
    for statement in triggers.drop(op.get_bind().dialect.name, "audit_seal"):
        op.execute(statement)
    for table in ("audit_seal", "password_link", "recovery_code", "second_factor"):
        op.drop_table(table)
    for name, _column in EVENT_INDEXES:
        op.drop_index(name, table_name="audit_event")
    op.drop_index("ix_user_session_user", table_name="user_session")
    for column in ("parked_at", "parked", "is_pending"):
        op.drop_column("user_session", column)
    op.drop_column("app_user", "all_communities")


def _second_factor() -> None:
    op.create_table(
        "second_factor",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("last_step", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("created_at", types.Instant(timezone=True), nullable=False),
        sa.Column("confirmed_at", types.Instant(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_second_factor_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_second_factor")),
        sa.UniqueConstraint("user_id", name=op.f("uq_second_factor_user_id")),
    )


def _recovery_code() -> None:
    op.create_table(
        "recovery_code",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("used_at", types.Instant(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_recovery_code_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_code")),
        sa.UniqueConstraint("user_id", "code_hash", name=op.f("uq_recovery_code_user_id_code_hash")),
    )


def _password_link() -> None:
    op.create_table(
        "password_link",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", types.Instant(timezone=True), nullable=False),
        sa.Column("created_by", ID, nullable=True),
        sa.Column("expires_at", types.Instant(timezone=True), nullable=False),
        sa.Column("used_at", types.Instant(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_password_link_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_password_link")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_password_link_token_hash")),
    )
    op.create_index("ix_password_link_user", "password_link", ["user_id"])


def _audit_seal() -> None:
    op.create_table(
        "audit_seal",
        sa.Column("seq", ID, autoincrement=False, nullable=False),
        sa.Column("event_id", ID, nullable=False),
        sa.Column("prev_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit_seal")),
        sa.UniqueConstraint("event_id", name=op.f("uq_audit_seal_event_id")),
    )


def _seal_what_is_there() -> None:
    """Chain the events of the time before the chain, in the order they were written."""
    event = sa.table(
        "audit_event",
        sa.column("id", sa.BigInteger),
        sa.column("at", types.Instant()),
        *(sa.column(name) for name in ("actor", "action", "subject", "facts", "community_id")),
    )
    seal = sa.table("audit_seal", *(sa.column(name) for name in ("seq", "event_id", "prev_hash", "hash")))
    bind, prev, made = op.get_bind(), chain.GENESIS, []
    for seq, row in enumerate(bind.execute(sa.select(event).order_by(event.c.id)).mappings(), 1):
        digest = chain.digest(prev, types.canonical(chain.facts(dict(row))))
        made.append({"seq": seq, "event_id": row["id"], "prev_hash": prev, "hash": digest})
        prev = digest
    if made:
        bind.execute(sa.insert(seal), made)
