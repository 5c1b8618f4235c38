"""The till: shifts, unclaimed money, deposits, and days and months that are closed."""

from __future__ import annotations

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make what this version adds."""


def downgrade() -> None:
    """Take it away again."""
