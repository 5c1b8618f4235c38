"""Seals, number ranges, calendar sources and the steps of setting up."""

from __future__ import annotations

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make what this version adds."""


def downgrade() -> None:
    """Take it away again."""
