"""What the page of one alert tells of its newest failures: one look at them, in one statement."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, DateTime, Row, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY

from console.alerts.models import Alert, Grain
from console.alerts.queries import merges
from console.alerts.queries.failures import SAMPLE
from console.infra.db import db

# A failure is received when it occurs or later; clocks of its senders are ahead by minutes at most.
EARLIER = timedelta(days=1)
AFFECTS = 20


@dataclass(frozen=True, slots=True)
class Facts:
    """What the answer strip of an alert says.

    `final` and `retried` split its count into failures for good and attempts that will be retried; `affects` gives, for
    each tag, how many different values the newest failures had: all of them when `sampled` is False. `jobs` are the
    different jobs among them that `failed_jobs` would name. `newest` is the failure that occurred last and `older` the
    one before it: an id and when it was received.
    """

    final: int
    retried: int
    affects: tuple[tuple[str, int], ...]
    sampled: bool
    jobs: int
    newest: tuple[int, datetime] | None
    older: tuple[int, datetime] | None


_COLUMNS = "o.id, o.received_at, o.occurred_at, o.tags, o.job_id, o.will_retry"
_ORDER = "occurred_at DESC, id DESC"
# The bound leaves out the weeks before the alert began; that it is a plain value lets the planner do so.
_ONE = f"""
    SELECT {_COLUMNS} FROM occurrences AS o WHERE o.alert_id = :alert_id AND o.received_at >= :earliest
    ORDER BY {_ORDER} LIMIT {SAMPLE}
"""  # noqa: S608 - names of our own columns
_SEVERAL = f"""
    SELECT each.* FROM unnest(:family) AS member (id), LATERAL (
        SELECT {_COLUMNS} FROM occurrences AS o WHERE o.alert_id = member.id AND o.received_at >= :earliest
        ORDER BY {_ORDER} LIMIT :each) AS each
    ORDER BY {_ORDER} LIMIT {SAMPLE}
"""  # noqa: S608 - names and numbers of our own
_FACTS = f"""
    WITH newest AS MATERIALIZED ({{newest}}),
    counted AS (
        SELECT coalesce(sum(final), 0)::bigint AS final, coalesce(sum(retried), 0)::bigint AS retried
        FROM alert_counts WHERE alert_id = :alert_id AND grain = {int(Grain.HOUR)}
    ),
    affected AS (
        SELECT pair.key, count(DISTINCT pair.value) AS number
        FROM newest CROSS JOIN LATERAL jsonb_each_text(newest.tags) AS pair
        GROUP BY pair.key ORDER BY number DESC, pair.key LIMIT {AFFECTS}
    )
    SELECT counted.final, counted.retried,
        (SELECT json_agg(json_build_array(key, number) ORDER BY number DESC, key) FROM affected) AS affects,
        (SELECT count(DISTINCT n.job_id) FROM newest AS n
         WHERE NOT n.will_retry AND n.received_at >= :opened_at AND NOT EXISTS (
             SELECT FROM alert_retries AS r
             WHERE r.alert_id = ANY(:family) AND r.job_id = n.job_id AND r.succeeded_at >= n.received_at)) AS jobs,
        ids.ids, ids.instants
    FROM counted, (
        SELECT array_agg(id ORDER BY {_ORDER}) AS ids, array_agg(received_at ORDER BY {_ORDER}) AS instants
        FROM (SELECT id, received_at, occurred_at FROM newest ORDER BY {_ORDER} LIMIT 2) AS two) AS ids
"""  # noqa: S608 - names and numbers of our own
_FAMILY = bindparam("family", type_=ARRAY(BigInteger))
_RECEIVED = {"ids": ARRAY(BigInteger), "instants": ARRAY(DateTime(timezone=True))}
_OF_ONE, _OF_SEVERAL = (
    text(_FACTS.format(newest=newest)).bindparams(_FAMILY).columns(**_RECEIVED)  # type: ignore[arg-type]
    for newest in (_ONE, _SEVERAL)
)


def facts(alert: Alert, family: Sequence[int] = ()) -> Facts:
    """The facts of one alert in one statement, however many failures it has; `family` if that is known already."""
    family = family or merges.family(alert.id)
    given: dict[str, Any] = {
        "alert_id": alert.id,
        "family": list(family),
        "earliest": alert.first_seen - EARLIER,
        "opened_at": alert.opened_at,
    }
    if len(family) == 1:
        row = db.session.connection().execute(_OF_ONE, given).one()
    else:
        # Two of each at least: the last two of all are among them.
        row = db.session.connection().execute(_OF_SEVERAL, given | {"each": max(2, -(-SAMPLE // len(family)))}).one()
    return _facts(row, sampled=alert.count > SAMPLE)


def _facts(row: Row[Any], *, sampled: bool) -> Facts:
    affects = tuple((key, number) for key, number in row.affects or ())
    newest, older, *_ = [*zip(row.ids or (), row.instants or (), strict=True), None, None]
    return Facts(row.final, row.retried, affects, sampled, row.jobs, newest, older)
