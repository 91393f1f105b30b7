"""The tables of the brokers that are watched."""

revision = "0012_brokers"
down_revision = "0011_noise"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet: the room that owns this revision fills it."""


def downgrade() -> None:
    """Nothing yet."""
