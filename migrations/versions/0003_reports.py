"""What the reports and the desk remember."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the stewards of buildings, and let bills be found by the day they fall due."""
    op.create_table(
        "steward",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("community_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("building", sa.String(length=30), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_steward_community_id")),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_steward_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_steward")),
        sa.UniqueConstraint("community_id", "building", name=op.f("uq_steward_community_id_building")),
    )
    op.create_index("ix_bill_due", "bill", ["community_id", "due_on"], unique=False)


def downgrade() -> None:
    """Take them away again."""
    op.drop_index("ix_bill_due", table_name="bill")
    op.drop_table("steward")
