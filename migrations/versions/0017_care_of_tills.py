"""Where tills begin, what a condition can come to, and terms of a unit that two people decide on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.store import triggers, types

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add a column of requests and two tables, and let every till that is there begin."""
    op.add_column("waiver_request", sa.Column("most_fen", sa.BigInteger(), server_default="0", nullable=False))
    op.execute("UPDATE waiver_request SET most_fen = effect_fen WHERE kind = 'conditional_waiver'")
    op.create_table(
        "till_opening",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("community_id", BIG, nullable=False),
        sa.Column("opened_at", types.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_till_opening_community_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_till_opening")),
        sa.UniqueConstraint("community_id", name=op.f("uq_till_opening_community_id")),
    )
    # A community that hands over already began with its first sheet; the others begin with this version.
    op.execute(
        "INSERT INTO till_opening (community_id, opened_at) "
        "SELECT c.id, COALESCE((SELECT MIN(s.from_at) FROM shift s WHERE s.community_id = c.id), CURRENT_TIMESTAMP) "
        "FROM community c"
    )
    op.create_table(
        "terms_draft",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("community_id", BIG, nullable=False),
        sa.Column("unit_id", BIG, nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("reason", sa.String(length=200), server_default="", nullable=False),
        sa.Column("state", sa.String(length=12), server_default="draft", nullable=False),
        sa.Column("drafted_by", BIG, nullable=False),
        sa.Column("drafted_at", types.Instant(timezone=True), nullable=False),
        sa.Column("decided_by", BIG, nullable=True),
        sa.Column("decided_at", types.Instant(timezone=True), nullable=True),
        sa.Column("decided_note", sa.String(length=200), server_default="", nullable=False),
        sa.CheckConstraint("decided_by IS NULL OR decided_by <> drafted_by", name=op.f("ck_terms_draft_second_person")),
        sa.CheckConstraint(
            "kind IN ('area', 'usage', 'own_price', 'own_price_end', 'own_price_back', 'price_back')",
            name=op.f("ck_terms_draft_kind"),
        ),
        sa.CheckConstraint("(unit_id IS NULL) = (kind = 'price_back')", name=op.f("ck_terms_draft_unit")),
        sa.CheckConstraint("state IN ('draft', 'granted', 'refused', 'withdrawn')", name=op.f("ck_terms_draft_state")),
        sa.CheckConstraint(
            "state NOT IN ('granted', 'refused') OR decided_by IS NOT NULL", name=op.f("ck_terms_draft_decided")
        ),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("fk_terms_draft_community_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_terms_draft_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_terms_draft")),
    )
    op.create_index("ix_terms_draft_state", "terms_draft", ["community_id", "state"], unique=False)
    op.create_index("ix_terms_draft_unit", "terms_draft", ["unit_id"], unique=False)
    for statement in triggers.create(op.get_bind().dialect.name, "till_opening"):
        op.execute(statement)


def downgrade() -> None:
    """Take them away."""
    for statement in triggers.drop(op.get_bind().dialect.name, "till_opening"):
        op.execute(statement)
    op.drop_table("terms_draft")
    op.drop_table("till_opening")
    op.drop_column("waiver_request", "most_fen")
