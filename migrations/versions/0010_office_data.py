"""Demo communities and seals, the steps of setting up, backups taken and checks of the books."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.store import types

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add two columns of a community and the two tables of the office's care."""
    op.add_column("community", sa.Column("is_demo", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column("community", sa.Column("seal_sha256", sa.String(length=64), server_default="", nullable=False))
    op.create_table(
        "setup_step",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("community_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("step", sa.String(length=20), nullable=False),
        sa.Column("note", sa.String(length=200), server_default="", nullable=False),
        sa.Column("done_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("done_at", types.Instant(timezone=True), nullable=False),
        sa.CheckConstraint("step IN ('opening', 'trial')", name=op.f("ck_setup_step_step")),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_setup_step_community_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_setup_step")),
        sa.UniqueConstraint("community_id", "step", name=op.f("uq_setup_step_community_id_step")),
    )
    op.create_table(
        "care_run",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("file_name", sa.String(length=120), server_default="", nullable=False),
        sa.Column("sha256", sa.String(length=64), server_default="", nullable=False),
        sa.Column("rows", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("files", sa.Integer(), server_default="0", nullable=False),
        sa.Column("size", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("problems", sa.Text(), server_default="[]", nullable=False),
        sa.Column("is_sound", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("failure", sa.String(length=60), server_default="", nullable=False),
        sa.Column("started_by", sa.String(length=60), nullable=False),
        sa.Column("started_at", types.Instant(timezone=True), nullable=False),
        sa.Column("finished_at", types.Instant(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('backup', 'drill', 'check')", name=op.f("ck_care_run_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_care_run")),
    )
    op.create_index("ix_care_run_kind", "care_run", ["kind", "started_at"], unique=False)


def downgrade() -> None:
    """Take the tables and the columns away."""
    op.drop_table("care_run")
    op.drop_table("setup_step")
    op.drop_column("community", "seal_sha256")
    op.drop_column("community", "is_demo")
