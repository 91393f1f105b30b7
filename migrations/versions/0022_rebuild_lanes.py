"""A rebuild of many tickets goes on at two places at once."""

import sqlalchemy as sa
from alembic import op

revision = "0022_rebuild_lanes"
down_revision = "0021_reading"
branch_labels = None
depends_on = None

NAMES = ("middle_id", "after_middle_id")


def upgrade() -> None:
    """Add both places; a rebuild that runs has one."""
    for name in NAMES:
        op.add_column("sla_rebuilds", sa.Column(name, sa.BigInteger()))


def downgrade() -> None:
    """Drop them: what is left of a rebuild is counted from the first place on."""
    for name in NAMES:
        op.drop_column("sla_rebuilds", name)
