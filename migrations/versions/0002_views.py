"""Saved views, the density of lists and what the frame remembers."""

from __future__ import annotations

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make what this version adds."""


def downgrade() -> None:
    """Take it away again."""
