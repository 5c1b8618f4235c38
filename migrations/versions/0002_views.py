"""Saved views, the density of lists and what the frame remembers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.store import types

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make what this version adds."""
    op.add_column("app_user", sa.Column("density", sa.String(length=10), server_default="compact", nullable=False))
    op.add_column("job", sa.Column("community_id", ID, nullable=True))
    op.add_column("job", sa.Column("started_by", ID, nullable=True))
    op.add_column("job", sa.Column("log", sa.Text(), server_default="", nullable=False))
    op.add_column("job", sa.Column("result", sa.String(length=200), server_default="", nullable=False))
    op.add_column("job", sa.Column("cancel_asked_at", types.Instant(timezone=True), nullable=True))
    op.create_index(op.f("ix_job_state"), "job", ["state"])
    _saved_view()
    _view_mark()


def downgrade() -> None:
    """Take it away again."""
    op.drop_table("view_mark")
    op.drop_table("saved_view")
    op.drop_index(op.f("ix_job_state"), table_name="job")
    for name in ("cancel_asked_at", "result", "log", "started_by", "community_id"):
        op.drop_column("job", name)
    op.drop_column("app_user", "density")


def _saved_view() -> None:
    op.create_table(
        "saved_view",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("owner_id", ID, nullable=False),
        sa.Column("community_id", ID, nullable=False),
        sa.Column("page", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("query", sa.Text(), server_default="", nullable=False),
        sa.Column("facts", sa.Text(), server_default="{}", nullable=False),
        sa.Column("columns", sa.String(length=400), server_default="", nullable=False),
        sa.Column("visibility", sa.String(length=10), server_default="private", nullable=False),
        sa.Column("created_at", types.Instant(timezone=True), nullable=False),
        sa.Column("deleted_at", types.Instant(timezone=True), nullable=True),
        sa.CheckConstraint("visibility IN ('private', 'shared')", name=op.f("ck_saved_view_visibility")),
        sa.ForeignKeyConstraint(["owner_id"], ["app_user.id"], name=op.f("fk_saved_view_owner_id")),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_saved_view_community_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_view")),
    )
    op.create_index("ix_saved_view_page", "saved_view", ["community_id", "page"])


def _view_mark() -> None:
    op.create_table(
        "view_mark",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("community_id", ID, nullable=False),
        sa.Column("page", sa.String(length=20), nullable=False),
        sa.Column("view", sa.String(length=30), nullable=False),
        sa.Column("is_pinned", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.Column("is_default", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_view_mark_user_id")),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_view_mark_community_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_view_mark")),
        sa.UniqueConstraint(
            "user_id", "community_id", "page", "view", name=op.f("uq_view_mark_user_id_community_id_page_view")
        ),
    )
