"""Insights: which alerts make the noise, and how fast people answer; counted ahead by the scheduler."""

from collections.abc import Iterable, Sequence
from typing import Any

from flask import Response, request, url_for

from console.alerts.models import ALL
from console.alerts.queries import insights as reads
from console.alerts.queries import noise, sources
from console.alerts.rules import insights
from console.alerts.rules.insights import Measure, Period
from console.alerts.rules.insights import Response as Week
from console.alerts.views.blueprint import bp
from console.audit.rules import csv_lines
from console.infra import clock
from console.infra.actor import Role
from console.web import durations, files, htmx, live
from console.web.auth import requires

MEASURES = {
    Measure.FAILURES: ("Most failures", "how many came"),
    Measure.CHANGES: ("Most to and fro", "changes of state, but for those by hand"),
    Measure.REOPENINGS: ("Came back most", "times opened again"),
    Measure.STANDING: ("Standing longest", "open or acknowledged now, whatever the period"),
}
WEEK_COLUMNS = ("service", "week", "acknowledged", "acknowledge_mean", "acknowledge_median", "resolved", "resolve_mean",
                "resolve_median", "stale")  # fmt: skip


@bp.get("/alerts/insights")
@requires(Role.VIEWER)
def insight() -> Response:
    """The report of noise for a period, of all services or one."""
    unchanged = live.not_modified("alerts")
    if unchanged is not None:
        return unchanged
    period, service = _period(), request.args.get("service", ALL)
    count, now = reads.noise_count(period, service), clock.now()
    return htmx.page(
        "alerts/insights.html", "noise_report", period=period, periods=Period, service=service, count=count,
        counted_at=reads.counted_at(period.value), measures=MEASURES, tops=reads.tops(period, service),
        unseen=insights.share(count.unseen, count.ended) if count else None, services=reads.by_service(period),
        flapping=noise.flapping_now(service), drops=sources.drops(now - period.span, service), csv=_here("insight_csv"),
    )  # fmt: skip


@bp.get("/alerts/insights/noise.csv")
@requires(Role.VIEWER)
def insight_csv() -> Response:
    """The same as rows: every measure, rank and alert."""
    tops = reads.tops(_period(), request.args.get("service", ALL))
    # All now: when it is streamed, the transaction of these alerts is over.
    return _csv("noise", list(_noise_rows(tops)))


@bp.get("/alerts/insights/response")
@requires(Role.VIEWER)
def response() -> Response:
    """How fast alerts were acknowledged and resolved, week by week."""
    unchanged = live.not_modified("alerts")
    if unchanged is not None:
        return unchanged
    service, now = request.args.get("service", ALL), clock.now()
    weeks = reads.response(now, service)
    return htmx.page(
        "alerts/response.html", "response_report", service=service, weeks=weeks,
        acknowledging=_chart(weeks, "acknowledge_median", "acknowledgement"),
        resolving=_chart(weeks, "resolve_median", "resolution"), services=reads.responding_services(now),
        counted_at=reads.counted_at("response"), csv=url_for("alerts.response_csv"),
    )  # fmt: skip


@bp.get("/alerts/insights/response.csv")
@requires(Role.VIEWER)
def response_csv() -> Response:
    """Every service and week; an empty service is all of them, an empty time means that nothing was measured."""
    rows = reads.response_by_service(clock.now())
    return _csv("response", [WEEK_COLUMNS, *([_cell(getattr(row, name)) for name in WEEK_COLUMNS] for row in rows)])


def _period() -> Period:
    word = request.args.get("period", "")
    return Period(word) if word in set(Period) else Period.DAY


def _here(endpoint: str) -> str:
    kept: dict[str, Any] = {name: request.args[name] for name in ("period", "service") if request.args.get(name)}
    return url_for(f"alerts.{endpoint}", **kept)


def _chart(weeks: Sequence[Week], field: str, what: str) -> Any:
    lengths = [
        durations.Length(f"Week of {each.week:%-d %B}", f"{each.week:%-d %b}", getattr(each, field)) for each in weeks
    ]
    known = [each.seconds for each in lengths if each.seconds is not None]
    label = f"Median time to {what} by week, {len(known)} of {len(lengths)} weeks with any"
    return durations.columns(lengths, label=label)


def _noise_rows(tops: Any) -> Iterable[Sequence[object]]:
    yield ("measure", "rank", "value", "alert_id", "service", "environment", "task", "title", "status", "opened_at")
    for measure, rows in tops.items():
        for top in rows:
            alert = top.alert
            yield (measure.value, top.rank, top.value, alert.id, alert.service, alert.environment, alert.task,
                   alert.title, alert.status.word, alert.opened_at.isoformat())  # fmt: skip


def _cell(value: object) -> object:
    return round(value) if isinstance(value, float) else value


def _csv(name: str, rows: Iterable[Sequence[object]]) -> Response:
    return files.table(f"{name}-{clock.now():%Y%m%dT%H%M%SZ}", csv_lines(rows))
