"""The tables of where tickets come from, and what a source says of its own deadlines."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016_ticket_sources"
down_revision = "0015_tickets"
branch_labels = None
depends_on = None

UTC = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables."""
    op.add_column("tickets", sa.Column("source_deadlines", postgresql.JSONB()))
    _sources()
    _imports()


def downgrade() -> None:
    """Drop them."""
    for table in ("ticket_import_rejects", "ticket_imports", "ticket_source_wants", "ticket_sources"):
        op.drop_table(table)
    op.drop_column("tickets", "source_deadlines")


def _sources() -> None:
    op.create_table(
        "ticket_sources",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("name", "kind", "url", "place")),
        *(sa.Column(name, sa.Text()) for name in ("token", "webhook_secret", "lease_id", "error")),
        *(sa.Column(name, postgresql.JSONB(), nullable=False) for name in ("options", "rejects")),
        sa.Column("cursor", postgresql.JSONB()),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("interval_seconds", "last_rows", "failures")),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("rows", "rejected")),
        *(sa.Column(name, UTC, nullable=False) for name in ("next_at", "created_at", "updated_at")),
        *(sa.Column(name, UTC) for name in ("lease_until", "last_run_at", "last_ok_at", "failing_since")),
        sa.UniqueConstraint("name", name="uq_ticket_sources_name"),
        sa.CheckConstraint("kind IN ('sql', 'zammad')", name="kind"),
    )
    op.create_index("ix_ticket_sources_next_at", "ticket_sources", ["next_at"])
    op.create_table(
        "ticket_source_wants",
        _part_of("source_id", "ticket_sources"),
        sa.Column("external_id", sa.Text(), primary_key=True),
        sa.Column("asked_at", UTC, nullable=False),
    )


def _imports() -> None:
    words = ("source", "filename", "encoding", "delimiter", "state", "uploaded_by")
    op.create_table(
        "ticket_imports",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        *(sa.Column(name, sa.Text(), nullable=False) for name in words),
        *(sa.Column(n, sa.Integer(), nullable=False) for n in ("size", "total", "done", "created", "rejected")),
        sa.Column("body", sa.LargeBinary()),
        sa.Column("options", postgresql.JSONB(), nullable=False),
        sa.Column("job_id", sa.Uuid()),
        sa.Column("uploaded_at", UTC, nullable=False),
        sa.Column("finished_at", UTC),
        sa.CheckConstraint("state IN ('uploaded', 'importing', 'done')", name="state"),
    )
    op.create_table(
        "ticket_import_rejects",
        _part_of("import_id", "ticket_imports"),
        sa.Column("line", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("cells", postgresql.JSONB(), nullable=False),
    )


def _part_of(name: str, table: str) -> "sa.Column[int]":
    whole = sa.ForeignKey(f"{table}.id", ondelete="CASCADE")
    return sa.Column(name, sa.BigInteger(), whole, primary_key=True, autoincrement=False)
