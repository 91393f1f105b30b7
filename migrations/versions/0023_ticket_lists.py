"""Tickets of an owner, priority, organization, policy or source are told apart by state before they are put in order.

A page of the queue asks for each state alone: of a million tickets it reads the rows that it shows.
"""

from alembic import op

revision = "0023_ticket_lists"
down_revision = "0022_rebuild_lanes"
branch_labels = None
depends_on = None

LISTED = ("assignee", "priority", "organization", "policy_id")
ORDER = ["next_due_at", "id"]


def upgrade() -> None:
    """One index more than before, for sources."""
    for name in LISTED:
        op.drop_index(f"ix_tickets_{name}_next_due_at_id", "tickets")
    for name in (*LISTED, "source"):
        op.create_index(f"ix_tickets_{name}_state_next_due_at_id", "tickets", [name, "state", *ORDER])


def downgrade() -> None:
    """As they were."""
    for name in (*LISTED, "source"):
        op.drop_index(f"ix_tickets_{name}_state_next_due_at_id", "tickets")
    for name in LISTED:
        op.create_index(f"ix_tickets_{name}_next_due_at_id", "tickets", [name, *ORDER])
