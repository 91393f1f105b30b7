"""The counted reports, as pages and programs read them: a handful of rows by primary key."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from console.alerts.models import ALL, Alert, NoiseCount, NoiseTop, ResponseWeek
from console.alerts.rules import insights
from console.alerts.rules.insights import Measure, Period, Response
from console.infra.db import db

MOST = 200


@dataclass(frozen=True, slots=True)
class Top:
    """An alert among the first by a measure; `value` in its unit (seconds for what stands)."""

    rank: int
    value: int
    alert: Alert


def noise_count(period: Period, service: str = ALL) -> NoiseCount | None:
    """What a period came to, or None when nothing was counted (yet, or of this service)."""
    return db.session.get(NoiseCount, (period.value, service))


def counted_at(part: str) -> datetime | None:
    """When a part of the reports was counted last."""
    found = db.session.get(NoiseCount, (part, ALL))
    return found.counted_at if found else None


def tops(period: Period, service: str = ALL) -> Mapping[Measure, list[Top]]:
    """The first alerts by every measure, in one statement."""
    rows = (
        select(NoiseTop, Alert)
        .join(Alert, Alert.id == NoiseTop.alert_id)
        .where(NoiseTop.period == period.value, NoiseTop.service == service)
        .order_by(NoiseTop.measure, NoiseTop.rank)
    )
    found: dict[Measure, list[Top]] = {measure: [] for measure in Measure}
    for row, alert in db.session.execute(rows):
        found[Measure(row.measure)].append(Top(row.rank, row.value, alert))
    return found


def by_service(period: Period) -> Sequence[NoiseCount]:
    """Each service's sums, the most failures first, up to MOST."""
    rows = select(NoiseCount).where(NoiseCount.period == period.value, NoiseCount.service != ALL)
    return db.session.scalars(rows.order_by(NoiseCount.failures.desc(), NoiseCount.service).limit(MOST)).all()


def response(now: datetime, service: str = ALL, *, weeks: int = insights.WEEKS) -> list[Response]:
    """How fast alerts of a service (or all) were answered, week by week, oldest first, every week present."""
    first = insights.weeks(now, weeks)[0]
    rows = select(ResponseWeek).where(ResponseWeek.service == service, ResponseWeek.week >= first)
    found = {row.week: _response(row) for row in db.session.scalars(rows)}
    return insights.every_week(found, now, weeks)


def responding_services(now: datetime) -> Sequence[str]:
    """Services that a report of response knows of, by name, up to MOST."""
    first = insights.weeks(now)[0]
    rows = select(ResponseWeek.service).where(ResponseWeek.week >= first, ResponseWeek.service != ALL).distinct()
    return db.session.scalars(rows.order_by(ResponseWeek.service).limit(MOST)).all()


def response_by_service(now: datetime, *, weeks: int = insights.WEEKS) -> Sequence[ResponseWeek]:
    """Every service and week there is, for export: by service (all of them together first), then by week."""
    first = insights.weeks(now, weeks)[0]
    rows = select(ResponseWeek).where(ResponseWeek.week >= first)
    return db.session.scalars(rows.order_by(ResponseWeek.service, ResponseWeek.week).limit(50_000)).all()


def _response(row: ResponseWeek) -> Response:
    return Response(
        row.week,
        row.acknowledged,
        row.acknowledge_mean,
        row.acknowledge_median,
        row.resolved,
        row.resolve_mean,
        row.resolve_median,
        row.stale,
    )
