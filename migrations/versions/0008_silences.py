"""Silences and maintenance windows; which alert is silenced, in every index of the list."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008_silences"
down_revision = "0007_oncall"
branch_labels = None
depends_on = None

UTC = sa.DateTime(timezone=True)
BEFORE = ("status", "severity", "last_seen", "id")
AFTER = ("status", "silenced", "severity", "last_seen", "id")


def upgrade() -> None:
    """The table, the mark on alerts, what telling people must remember."""
    _silences()
    op.add_column("alerts", sa.Column("silence_id", sa.BigInteger(), sa.ForeignKey("silences.id", ondelete="SET NULL")))
    silenced = sa.Computed("silence_id IS NOT NULL", persisted=True)
    op.add_column("alerts", sa.Column("silenced", sa.Boolean(), silenced, nullable=False))
    op.create_index(
        "ix_alerts_silence_id", "alerts", ["silence_id"], postgresql_where=sa.text("silence_id IS NOT NULL")
    )
    _order(BEFORE, AFTER)
    op.add_column("notices", sa.Column("held", sa.Boolean(), server_default=sa.text("false"), nullable=False))


def downgrade() -> None:
    """As it was: alerts that were silenced are told of again at their next change."""
    op.drop_column("notices", "held")
    _order(AFTER, BEFORE)
    for name in ("silenced", "silence_id"):
        op.drop_column("alerts", name)
    op.drop_table("silences")


def _silences() -> None:
    op.create_table(
        "silences",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("matchers", postgresql.JSONB(), nullable=False),
        sa.Column("starts_at", UTC, nullable=False),
        sa.Column("ends_at", UTC, nullable=False),
        sa.Column("weekly_in", sa.Text()),
        sa.Column("repeat_until", UTC),
        sa.Column("over_at", UTC, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", UTC, nullable=False),
        sa.Column("updated_at", UTC, nullable=False),
        sa.Column("expired_by", sa.Text()),
        sa.Column("turn_at", UTC),
        sa.Column("looked_to", sa.BigInteger()),
        sa.CheckConstraint("kind IN ('silence', 'maintenance')", name="kind"),
        sa.CheckConstraint("starts_at <= ends_at", name="span"),
    )
    op.create_index("ix_silences_over_at", "silences", ["over_at"])
    op.create_index("ix_silences_turn_at", "silences", ["turn_at"], postgresql_where=sa.text("turn_at IS NOT NULL"))


def _order(old: tuple[str, ...], new: tuple[str, ...]) -> None:
    """Build each index of the list anew, the new one before the old one goes."""
    for first in ((), ("service",), ("environment",)):
        op.create_index("_".join(["ix_alerts", *first, *new]), "alerts", [*first, *new])
        op.drop_index("_".join(["ix_alerts", *first, *old]), "alerts")
    assigned = sa.text("assignee IS NOT NULL")
    op.drop_index("ix_alerts_assignee", "alerts")
    op.create_index("ix_alerts_assignee", "alerts", ["assignee", *new], postgresql_where=assigned)
