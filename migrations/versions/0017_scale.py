"""The tables of partitions and indexes for large tables."""

revision = "0017_scale"
down_revision = "0016_ticket_sources"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet: the room that owns this revision fills it."""


def downgrade() -> None:
    """Nothing yet."""
