"""Promises that ended, summed by ten days, months and quarters, and the changes that are in no sum yet."""

import sqlalchemy as sa
from alembic import op

revision = "0024_promise_sums"
down_revision = "0023_ticket_lists"
branch_labels = None
depends_on = None

TOLD = ("policy_id", "priority", "organization", "assignee")
# A sum must be what counting the outcomes gives, whoever writes these: a ticket that is deleted takes its own along
# without asking. So what changes is written down by the table itself. Nobody waits for anybody's row: none is shared.
KEEP_CHANGES = """
CREATE FUNCTION keep_outcome_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        INSERT INTO sla_outcome_changes (change, clock, day, policy_id, priority, organization, assignee, late_seconds)
        SELECT -1, clock, day, policy_id, priority, organization, assignee, late_seconds FROM gone;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO sla_outcome_changes (change, clock, day, policy_id, priority, organization, assignee, late_seconds)
        SELECT 1, clock, day, policy_id, priority, organization, assignee, late_seconds FROM fresh;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER keep_outcomes_made AFTER INSERT ON sla_outcomes
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION keep_outcome_changes();
CREATE TRIGGER keep_outcomes_changed AFTER UPDATE ON sla_outcomes
    REFERENCING OLD TABLE AS gone NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION keep_outcome_changes();
CREATE TRIGGER keep_outcomes_gone AFTER DELETE ON sla_outcomes
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION keep_outcome_changes();
"""
TRIGGERS = ("keep_outcomes_made", "keep_outcomes_changed", "keep_outcomes_gone")
BY_DAY = """
    INSERT INTO sla_sums (by, clock, span, first, value, ended, broken)
    SELECT 'late', clock, 'day', day, width_bucket(late_seconds, ARRAY[1, 900, 3600, 14400, 28800]::bigint[])::text,
           count(*), count(*) FILTER (WHERE late_seconds > 0)
    FROM sla_outcomes GROUP BY clock, day, 5 ORDER BY clock, day, 5
"""
BY_TEN = """
    INSERT INTO sla_sums (by, clock, span, first, value, ended, broken)
    SELECT '{by}', clock, 'ten', date_trunc('month', day::timestamp)::date
               + 10 * least((extract(day FROM day)::int - 1) / 10, 2), {value},
           count(*), count(*) FILTER (WHERE late_seconds > 0)
    FROM sla_outcomes GROUP BY clock, 4, 5 ORDER BY clock, 4, 5
"""
# A month is the sum of its tens, a quarter of its months.
BY_MORE = """
    INSERT INTO sla_sums (by, clock, span, first, value, ended, broken)
    SELECT by, clock, '{span}', date_trunc('{span}', first::timestamp)::date, value, sum(ended), sum(broken)
    FROM sla_sums WHERE span = '{of}' GROUP BY by, clock, 4, value ORDER BY by, clock, 4, value
"""


def upgrade() -> None:
    """Make both; sum up what is there. Whoever writes outcomes waits until this is over."""
    _make_tables()
    op.execute("LOCK TABLE sla_outcomes IN SHARE ROW EXCLUSIVE MODE")
    op.execute(KEEP_CHANGES)
    op.execute(BY_DAY)
    for name in TOLD:
        value = "policy_id::text" if name == "policy_id" else f"coalesce(nullif({name}, ''), 'none')"
        op.execute(BY_TEN.format(by=name.removesuffix("_id"), value=value))
    op.execute(BY_MORE.format(span="month", of="ten"))
    op.execute(BY_MORE.format(span="quarter", of="month"))


def downgrade() -> None:
    """Drop them."""
    for name in TRIGGERS:
        op.execute(f"DROP TRIGGER {name} ON sla_outcomes")
    op.execute("DROP FUNCTION keep_outcome_changes")
    op.drop_table("sla_outcome_changes")
    op.drop_table("sla_sums")


def _make_tables() -> None:
    key = ("by", "clock", "span", "first", "value")
    op.create_table(
        "sla_sums",
        *(sa.Column(name, sa.Date() if name == "first" else sa.Text(), nullable=False) for name in key),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("ended", "broken")),
        sa.PrimaryKeyConstraint(*key, name="pk_sla_sums", postgresql_include=["ended", "broken"]),
    )
    op.create_index("ix_sla_sums_empty", "sla_sums", ["by"], postgresql_where=sa.text("ended = 0"))
    op.create_table(
        "sla_outcome_changes",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("change", sa.Integer(), nullable=False),
        sa.Column("clock", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("policy_id", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.Text()) for name in TOLD[1:]),
        sa.Column("late_seconds", sa.BigInteger(), nullable=False),
    )
    op.create_index("ix_sla_outcome_changes_clock_day", "sla_outcome_changes", ["clock", "day"])
