"""The tables of silences and maintenance windows."""

revision = "0008_silences"
down_revision = "0007_oncall"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet: the room that owns this revision fills it."""


def downgrade() -> None:
    """Nothing yet."""
