"""Versions of the procedure and its templates, and the budget of waivers."""

from __future__ import annotations

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make what this version adds."""


def downgrade() -> None:
    """Take it away again."""
