"""The tables of where tickets come from."""

revision = "0016_ticket_sources"
down_revision = "0015_tickets"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet: the room that owns this revision fills it."""


def downgrade() -> None:
    """Nothing yet."""
