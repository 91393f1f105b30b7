"""Adding up what became of promises, so that a report of a year need not count each."""

from typing import Final

from sqlalchemy import ARRAY, BigInteger, bindparam, func, select, text

from console.infra.db import db
from console.tickets.queries.sums import LATE

BATCH: Final = 5_000
# Any number will do as long as nobody else in this database uses it.
LOCK: Final = 4_127_012
# Taken away and added up in one statement, so that a report counts each change either there or here. In order of their
# key, so that the index is walked once.
_FOLD: Final = text("""
    WITH taken AS (
        DELETE FROM sla_outcome_changes WHERE id IN (SELECT id FROM sla_outcome_changes ORDER BY id LIMIT :batch)
        RETURNING *
    ), counted AS (
        SELECT clock, day, policy_id, priority, organization, assignee, width_bucket(late_seconds, :late) AS late,
               sum(change) AS ended, sum(change) FILTER (WHERE late_seconds > 0) AS broken
        FROM taken GROUP BY clock, day, policy_id, priority, organization, assignee, late
    ), added AS (
        SELECT told.by, c.clock, told.span, told.first, told.value,
               sum(c.ended) AS ended, coalesce(sum(c.broken), 0) AS broken
        FROM counted AS c CROSS JOIN LATERAL (
            SELECT 'late', 'day', c.day, c.late::text
            UNION ALL
            SELECT d.by, s.span, s.first, coalesce(nullif(d.value, ''), 'none')
            FROM (VALUES ('policy', c.policy_id::text), ('priority', c.priority), ('organization', c.organization),
                         ('assignee', c.assignee)) AS d (by, value),
                 (VALUES ('ten', date_trunc('month', c.day::timestamp)::date
                                 + 10 * least((extract(day FROM c.day)::int - 1) / 10, 2)),
                         ('month', date_trunc('month', c.day::timestamp)::date),
                         ('quarter', date_trunc('quarter', c.day::timestamp)::date)) AS s (span, first)
        ) AS told (by, span, first, value)
        GROUP BY told.by, c.clock, told.span, told.first, told.value
    ), kept AS (
        INSERT INTO sla_sums (by, clock, span, first, value, ended, broken)
        SELECT * FROM added WHERE ended <> 0 OR broken <> 0 ORDER BY by, clock, span, first, value
        ON CONFLICT ON CONSTRAINT pk_sla_sums
            DO UPDATE SET ended = sla_sums.ended + excluded.ended, broken = sla_sums.broken + excluded.broken
    )
    SELECT count(*) FROM taken
""").bindparams(bindparam("late", [1, *LATE[1:]], ARRAY(BigInteger)))
# An organization whose last ticket was deleted is not remembered by its name.
_FORGET: Final = text("DELETE FROM sla_sums WHERE ended = 0")


def fold(limit: int = BATCH) -> int:
    """Add the oldest changes to the sums, in the caller's transaction; returns how many.

    One process at a time: another one finds nothing to do.
    """
    if not db.session.scalar(select(func.pg_try_advisory_xact_lock(LOCK))):
        return 0
    taken: int = db.session.execute(_FOLD, {"batch": limit}).scalar_one()
    if taken:
        db.session.execute(_FORGET)
    return taken
