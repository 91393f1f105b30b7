"""The reports of noise and response, counted ahead by the scheduler so that no page ever scans.

Each part is one statement over an index range of its period, and replaces what was counted before. The weeks of a
report of response are those of the acknowledgement and of the resolution: once over, they never change.
"""

import time
from datetime import UTC, datetime, timedelta
from datetime import time as clock_time
from typing import Any, Final

from sqlalchemy import delete, func, select, text, update

from console.alerts.actions.history import ROOM
from console.alerts.models import ALL, NoiseCount, NoiseTop, ResponseWeek
from console.alerts.rules import insights
from console.alerts.rules.insights import NAMED, Measure, Period
from console.infra import events
from console.infra.db import db

# Any number will do as long as nobody else in this database uses it.
LOCK: Final = 4_127_011
# What `noise_counts` calls the report of response and that of what stands.
RESPONSE: Final = "response"

# Failures by alert, once, for totals and tops; `service = ''` stands for all. Those of a merged alert (status 0) are
# counted by the one that stands for it as well: here by that one only.
_FAILURES = """
    CREATE TEMPORARY TABLE counted_failures ON COMMIT DROP AS
    SELECT c.alert_id, a.service, sum(c.final + c.retried)::bigint AS value
    FROM alert_counts AS c JOIN alerts AS a ON a.id = c.alert_id
    WHERE c.grain = 2 AND c.at >= :since AND c.at <= :now AND a.status <> 0
    GROUP BY c.alert_id, a.service
"""
_OPENINGS = """
    CREATE TEMPORARY TABLE counted_openings ON COMMIT DROP AS
    SELECT alert_id, service,
           count(*) FILTER (WHERE opened_at > :since AND NOT reopened) AS opened,
           count(*) FILTER (WHERE opened_at > :since AND reopened) AS reopenings,
           count(*) FILTER (WHERE opened_at > :since AND reopened)
             + count(*) FILTER (WHERE resolved_at > :since AND NOT by_hand AND NOT stale) AS changes,
           count(*) FILTER (WHERE resolved_at > :since) AS ended,
           count(*) FILTER (WHERE resolved_at > :since AND acknowledged_at IS NULL) AS unseen
    FROM alert_openings WHERE opened_at > :since OR resolved_at > :since
    GROUP BY alert_id, service
"""
_TOTALS = """
    INSERT INTO noise_counts (period, service, counted_at, took_ms, failures, openings, reopenings, changes, ended,
                              unseen)
    SELECT :period, service, :now, 0, sum(f)::bigint, sum(o)::bigint, sum(r)::bigint, sum(c)::bigint, sum(e)::bigint,
           sum(u)::bigint
    FROM (
        SELECT CASE WHEN grouping(service) = 1 THEN '' ELSE service END AS service, sum(value) AS f, 0 AS o, 0 AS r,
               0 AS c, 0 AS e, 0 AS u
        FROM counted_failures GROUP BY GROUPING SETS ((service), ())
        UNION ALL
        SELECT CASE WHEN grouping(service) = 1 THEN '' ELSE service END, 0, sum(opened + reopenings), sum(reopenings),
               sum(changes), sum(ended), sum(unseen)
        FROM counted_openings GROUP BY GROUPING SETS ((service), ())
    ) AS part
    GROUP BY service
    HAVING service = '' OR sum(f) + sum(o) + sum(e) > 0
"""
_TOPS = """
    INSERT INTO noise_tops (period, service, measure, rank, alert_id, value)
    SELECT :period, service, :measure, rank, alert_id, value
    FROM (
        SELECT whose.service, row_number() OVER (PARTITION BY whose.service ORDER BY f.value DESC, f.alert_id) AS rank,
               f.alert_id, f.value
        FROM ({source}) AS f
        CROSS JOIN LATERAL (VALUES (f.service), ('')) AS whose (service)
        WHERE f.value > 0
    ) AS ranked
    WHERE rank <= :named
"""
_SOURCES = {
    Measure.FAILURES: "SELECT alert_id, service, value FROM counted_failures",
    Measure.CHANGES: "SELECT alert_id, service, changes AS value FROM counted_openings WHERE changes > 1",
    Measure.REOPENINGS: "SELECT alert_id, service, reopenings AS value FROM counted_openings WHERE reopenings > 0",
    # Seconds since it was opened: the order is what counts, the page says it by the clock.
    Measure.STANDING: """
        SELECT id AS alert_id, service, ceil(extract(epoch FROM :now - opened_at))::bigint AS value
        FROM alerts WHERE status IN (3, 4)
    """,
}
_WEEKS = """
    WITH took AS (
        SELECT service, date_trunc('week', acknowledged_at AT TIME ZONE 'UTC')::date AS week, 'a' AS kind,
               extract(epoch FROM acknowledged_at - opened_at)::float AS seconds, false AS stale
        FROM alert_openings WHERE acknowledged_at >= :since
        UNION ALL
        SELECT service, date_trunc('week', resolved_at AT TIME ZONE 'UTC')::date, 'r',
               extract(epoch FROM resolved_at - opened_at)::float, stale
        FROM alert_openings WHERE resolved_at >= :since
    )
    INSERT INTO response_weeks (service, week, acknowledged, acknowledge_mean, acknowledge_median, resolved,
                                resolve_mean, resolve_median, stale)
    SELECT CASE WHEN grouping(service) = 1 THEN '' ELSE service END, week,
           count(*) FILTER (WHERE kind = 'a'),
           avg(seconds) FILTER (WHERE kind = 'a'),
           percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) FILTER (WHERE kind = 'a'),
           count(*) FILTER (WHERE kind = 'r' AND NOT stale),
           avg(seconds) FILTER (WHERE kind = 'r' AND NOT stale),
           percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) FILTER (WHERE kind = 'r' AND NOT stale),
           count(*) FILTER (WHERE kind = 'r' AND stale)
    FROM took GROUP BY GROUPING SETS ((service, week), (week))
"""


def count_next(*, at: datetime) -> str | None:
    """Count the part of the reports that has waited longest of those that are due; returns which, or None.

    One process at a time: another one finds nothing to do.
    """
    if not db.session.scalar(select(func.pg_try_advisory_xact_lock(LOCK))):
        return None
    known = {row.period: row for row in db.session.scalars(select(NoiseCount).where(NoiseCount.service == ALL))}
    parts = [*(period.value for period in Period), RESPONSE]
    due = [part for part in parts if _due(known.get(part), at)]
    if not due:
        return None
    part = min(due, key=lambda each: known[each].counted_at if each in known else datetime.min.replace(tzinfo=UTC))
    began = time.monotonic()
    if part == RESPONSE:
        _response(at)
    else:
        _noise(Period(part), at)
    took = round((time.monotonic() - began) * 1000)
    db.session.execute(update(NoiseCount).where(NoiseCount.period == part).values(took_ms=took))
    events.touch(ROOM)
    return part


def _due(known: NoiseCount | None, at: datetime) -> bool:
    return insights.due(known.counted_at if known else None, known.took_ms if known else 0, at)


def _noise(period: Period, at: datetime) -> None:
    since = at - period.span
    asked: dict[str, Any] = {"since": since, "now": at, "period": period.value, "named": NAMED}
    for table in ("counted_failures", "counted_openings"):
        _run(f"DROP TABLE IF EXISTS {table}")
    _run(_FAILURES, asked)
    _run(_OPENINGS, asked)
    db.session.execute(delete(NoiseCount).where(NoiseCount.period == period.value))
    db.session.execute(delete(NoiseTop).where(NoiseTop.period == period.value))
    _run(_TOTALS, asked)
    for measure, source in _SOURCES.items():
        _run(_TOPS.format(source=source), asked | {"measure": measure.value})


def _response(at: datetime) -> None:
    """The weeks that can still change: this one and the last; all of them the first time."""
    newest = db.session.scalar(select(func.max(ResponseWeek.week)))
    first = insights.weeks(at)[0] if newest is None else min(newest, insights.monday(at) - timedelta(weeks=1))
    since = datetime.combine(first, clock_time(), UTC)
    db.session.execute(delete(ResponseWeek).where(ResponseWeek.week >= first))
    _run(_WEEKS, {"since": since})
    db.session.execute(delete(NoiseCount).where(NoiseCount.period == RESPONSE))
    row = dict.fromkeys(("failures", "openings", "reopenings", "changes", "ended", "unseen"), 0)
    db.session.add(NoiseCount(period=RESPONSE, service=ALL, counted_at=at, took_ms=0, **row))
    db.session.flush()


def _run(statement: str, values: dict[str, Any] | None = None) -> None:
    named = text(statement)
    wanted = {name: (values or {})[name] for name in named._bindparams}  # noqa: SLF001
    db.session.connection().execute(named, wanted)
