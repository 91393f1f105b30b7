"""The tables of flapping, stale alerts and limits of sources."""

revision = "0011_noise"
down_revision = "0010_views"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet: the room that owns this revision fills it."""


def downgrade() -> None:
    """Nothing yet."""
