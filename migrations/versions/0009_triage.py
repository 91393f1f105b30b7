"""The tables of merged alerts and of what alerts have in common; failures in the order in which they occurred."""

import sqlalchemy as sa
from alembic import op

revision = "0009_triage"
down_revision = "0008_silences"
branch_labels = None
depends_on = None

IDENTITY = ("service", "environment", "fingerprint")


def upgrade() -> None:
    """Two tables, and an index in place of another."""
    _merges()
    _traits()
    op.create_index("ix_occurrences_alert_id_occurred_at_id", "occurrences", ["alert_id", "occurred_at", "id"])
    op.drop_index("ix_occurrences_alert_id_id", "occurrences")


def downgrade() -> None:
    """As it was. What is merged stands on its own again, open."""
    op.create_index("ix_occurrences_alert_id_id", "occurrences", ["alert_id", "id"])
    op.drop_index("ix_occurrences_alert_id_occurred_at_id", "occurrences")
    op.drop_table("alert_traits")
    op.drop_table("alert_merges")
    op.execute("UPDATE alerts SET status = 4 WHERE status = 0")


def _merges() -> None:
    op.create_table(
        "alert_merges",
        _alert("alert_merges", "alert_id"),
        _alert("alert_merges", "target_id"),
        *(sa.Column(name, sa.Text(), nullable=False) for name in IDENTITY),
        sa.Column("merged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("merged_by", sa.Text(), nullable=False),
        *(sa.Column(name, sa.SmallInteger(), nullable=False) for name in ("status", "severity")),
        sa.Column("before_snooze", sa.SmallInteger()),
        sa.Column("snoozed_until", sa.DateTime(timezone=True)),
        sa.Column("acknowledged_by", sa.Text()),
        *(sa.Column(name, sa.DateTime(timezone=True)) for name in ("acknowledged_at", "resolved_at")),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("count_then", "counted_from")),
        *(
            sa.Column(name, sa.DateTime(timezone=True), nullable=False)
            for name in ("target_first_seen", "target_last_seen")
        ),
        sa.PrimaryKeyConstraint("alert_id", name="pk_alert_merges"),
        sa.UniqueConstraint(*IDENTITY, name="uq_alert_merges_service_environment_fingerprint"),
    )
    op.create_index("ix_alert_merges_target_id_alert_id", "alert_merges", ["target_id", "alert_id"])


def _traits() -> None:
    op.create_table(
        "alert_traits",
        _alert("alert_traits", "alert_id"),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("alert_id", "kind", "value", name="pk_alert_traits"),
    )
    op.create_index("ix_alert_traits_kind_value_first_at", "alert_traits", ["kind", "value", "first_at"])


def _alert(table: str, name: str) -> "sa.Column[int]":
    key = sa.ForeignKey("alerts.id", name=f"fk_{table}_{name}_alerts", ondelete="CASCADE")
    return sa.Column(name, sa.BigInteger(), key, nullable=False)
