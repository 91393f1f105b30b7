"""The audit trail: a table that only grows."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001_audit"
down_revision = None
branch_labels = None
depends_on = None

# For every role, the owner's included: the owner can switch the triggers off, and then the chain tells.
REFUSE = """
CREATE FUNCTION audit_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'audit entries are never changed or removed' USING ERRCODE = 'insufficient_privilege';
END $$
"""


def upgrade() -> None:
    op.create_table(
        "audit_entries",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_kind", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.BigInteger()),
        sa.Column("actor_label", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("object_kind", sa.Text()),
        sa.Column("object_id", sa.Text()),
        sa.Column("object_label", sa.Text()),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("details", JSONB(), nullable=False),
        sa.Column("ip", sa.Text()),
        sa.Column("request_id", sa.Text()),
        sa.Column("prev_hash", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entries")),
    )
    op.create_index(op.f("ix_audit_entries_at"), "audit_entries", ["at"])
    op.create_index(op.f("ix_audit_entries_actor_label_id"), "audit_entries", ["actor_label", "id"])
    op.create_index(
        "ix_audit_entries_action", "audit_entries", ["action", "id"], postgresql_ops={"action": "text_pattern_ops"}
    )
    op.create_index(
        op.f("ix_audit_entries_object_kind_object_id_id"), "audit_entries", ["object_kind", "object_id", "id"]
    )
    op.create_index(op.f("ix_audit_entries_result_id"), "audit_entries", ["result", "id"])
    op.execute(REFUSE)
    op.execute(
        "CREATE TRIGGER audit_rows_stay BEFORE UPDATE OR DELETE ON audit_entries "
        "FOR EACH ROW EXECUTE FUNCTION audit_refuse_change()"
    )
    op.execute(
        "CREATE TRIGGER audit_table_stays BEFORE TRUNCATE ON audit_entries "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change()"
    )


def downgrade() -> None:
    op.drop_table("audit_entries")
    op.execute("DROP FUNCTION audit_refuse_change()")
