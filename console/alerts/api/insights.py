"""The reports of noise and response, for programs."""

from datetime import date, datetime
from typing import Literal

from flask import Response, request
from pydantic import BaseModel, Field

from console.alerts.api.blueprint import bp, reply
from console.alerts.api.schemas import Word
from console.alerts.models import ALL
from console.alerts.queries import insights as reads
from console.alerts.queries.insights import Top
from console.alerts.rules import insights
from console.alerts.rules.insights import Measure, Period
from console.infra import clock
from console.infra.actor import Scope
from console.web.auth import requires_scope
from console.web.inputs import query
from console.web.openapi import describe


class NoiseIn(BaseModel):
    """Of which period, and of which service; left out, of all."""

    period: Literal["24h", "7d", "30d"] = "24h"
    service: Word | None = None


class TopOut(BaseModel):
    """An alert among the first by a measure. `value`: failures, changes, reopenings, or seconds that it stands."""

    rank: int
    value: int
    alert_id: int
    service: str
    environment: str
    title: str
    status: str
    url: str

    @classmethod
    def of(cls, top: Top) -> "TopOut":
        """A counted place."""
        alert = top.alert
        return cls(
            rank=top.rank,
            value=top.value,
            alert_id=alert.id,
            service=alert.service,
            environment=alert.environment,
            title=alert.title,
            status=alert.status.word,
            url=f"{request.url_root}alerts/{alert.id}",
        )


class NoiseOut(BaseModel):
    """What a period came to as of `counted_at`; null when nothing was counted yet.

    `openings` began in the period. `ended` ended in it; `never_acknowledged` of those nobody ever acknowledged, and
    `never_acknowledged_share` is their part from 0 to 1, null when nothing ended.
    """

    period: str
    service: str | None
    counted_at: datetime | None
    failures: int
    openings: int
    reopenings: int
    changes: int
    ended: int
    never_acknowledged: int
    never_acknowledged_share: float | None
    top: dict[Measure, list[TopOut]]


class ResponseIn(BaseModel):
    """Of which service (left out, of all together), over how many weeks, this one included."""

    service: Word | None = None
    weeks: int = Field(insights.WEEKS, ge=1, le=104)


class WeekOut(BaseModel):
    """A week from Monday (UTC). Seconds; null where nothing was acknowledged or resolved. `stale` are not measured."""

    week: date
    acknowledged: int
    mtta_mean_seconds: float | None
    mtta_median_seconds: float | None
    resolved: int
    mttr_mean_seconds: float | None
    mttr_median_seconds: float | None
    stale: int

    @classmethod
    def of(cls, week: insights.Response) -> "WeekOut":
        """A counted week."""
        return cls(
            week=week.week,
            acknowledged=week.acknowledged,
            mtta_mean_seconds=week.acknowledge_mean,
            mtta_median_seconds=week.acknowledge_median,
            resolved=week.resolved,
            mttr_mean_seconds=week.resolve_mean,
            mttr_median_seconds=week.resolve_median,
            stale=week.stale,
        )


class ResponseOut(BaseModel):
    """Every week, oldest first, as of `counted_at`."""

    service: str | None
    counted_at: datetime | None
    items: list[WeekOut]


@bp.get("/insights/noise")
@requires_scope(Scope.READ)
@describe("Which alerts make the noise of a period", query=NoiseIn, reply=NoiseOut)
def noise_report() -> Response:
    """Counted ahead; see `counted_at`."""
    asked = query(NoiseIn)
    period, service = Period(asked.period), asked.service or ALL
    count, names = reads.noise_count(period, service), ("failures", "openings", "reopenings", "changes", "ended")
    sums = {name: getattr(count, name) if count else 0 for name in names}
    unseen = count.unseen if count else 0
    top = {measure: [TopOut.of(each) for each in tops] for measure, tops in reads.tops(period, service).items()}
    return reply(
        NoiseOut(period=period, service=asked.service, counted_at=reads.counted_at(period), **sums, top=top,
                 never_acknowledged=unseen, never_acknowledged_share=insights.share(unseen, sums["ended"]))
    )  # fmt: skip


@bp.get("/insights/response")
@requires_scope(Scope.READ)
@describe("How fast alerts were acknowledged and resolved, by week", query=ResponseIn, reply=ResponseOut)
def response_report() -> Response:
    """Means and medians; what they count is said in docs/triage.md."""
    asked = query(ResponseIn)
    weeks = reads.response(clock.now(), asked.service or ALL, weeks=asked.weeks)
    items = [WeekOut.of(week) for week in weeks]
    return reply(ResponseOut(service=asked.service, counted_at=reads.counted_at("response"), items=items))
