"""The first schema, with the triggers that keep posted rows append-only."""

from __future__ import annotations

from alembic import op

from app.store import schema, triggers

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    bind = op.get_bind()
    schema.metadata.create_all(bind)
    if bind.dialect.name == "postgresql":
        op.execute(triggers.FUNCTION)
    for table in schema.APPEND_ONLY:
        for statement in triggers.create(bind.dialect.name, table.name):
            op.execute(statement)


def downgrade() -> None:
    """Take back."""
    bind = op.get_bind()
    for table in schema.APPEND_ONLY:
        for statement in triggers.drop(bind.dialect.name, table.name):
            op.execute(statement)
    schema.metadata.drop_all(bind)
    if bind.dialect.name == "postgresql":
        op.execute("DROP FUNCTION IF EXISTS qingqian_append_only()")
