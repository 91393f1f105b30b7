"""Two things to narrow a list by are told by one index; the alerts of a task are found without reading words."""

import sqlalchemy as sa
from alembic import op

revision = "0021_reading"
down_revision = "0020_ticket_views"
branch_labels = None
depends_on = None

ORDER = ["status", "silenced", "severity", "last_seen", "id"]
SERVICE = "ix_alerts_service_status_silenced_severity_last_seen_id"
# What an index of the list carries along beside what it is in order of.
ALONG = {SERVICE: ("service", ["environment"]), "ix_alerts_assignee": ("assignee", ["service", "environment"])}


def upgrade() -> None:
    """The same number of indexes on alerts; one more on their details, which are written once."""
    for name, (column, along) in ALONG.items():
        op.drop_index(name, "alerts")
        op.create_index(name, "alerts", [column, *ORDER], postgresql_include=along)
    op.create_index(
        "ix_alert_details_task", "alert_details", [sa.text(r"""("left"(split_part(text, E'\n', 2), 200))""")]
    )


def downgrade() -> None:
    """As it was."""
    op.drop_index("ix_alert_details_task", "alert_details")
    for name, (column, _) in ALONG.items():
        op.drop_index(name, "alerts")
        op.create_index(name, "alerts", [column, *ORDER])
