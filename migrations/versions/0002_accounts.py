"""The tables of accounts."""

revision = "0002_accounts"
down_revision = "0001_audit"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
