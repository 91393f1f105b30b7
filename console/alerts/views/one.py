"""The page of one alert: what happened, who has it, what to do next."""

from datetime import datetime, timedelta
from typing import Any

from flask import Response, request

from console.alerts import forms, queries
from console.alerts.models import Alert, Occurrence
from console.alerts.queries import Bucket, Window, noise, silences
from console.alerts.rules import frames
from console.alerts.rules.states import Status
from console.alerts.views.blueprint import bp
from console.alerts.views.lists import reader
from console.infra import clock
from console.infra.actor import Role
from console.infra.scrub import REMOVED
from console.web import charts, filters, htmx, live
from console.web.auth import requires

BLOCKS = ("alert_page",)
HISTORY = 100
# Sources whose jobs we can run again; others say themselves what failed and keep their jobs.
RETRIED = frozenset({"rq"})
# A label under every so many bars, and how it is written in the reader's zone.
TICKS = {Window.HALF_HOUR: (5, "%H:%M"), Window.DAY: (4, "%H:%M"), Window.MONTH: (5, "%-d %b")}
NAMES = {Window.HALF_HOUR: "%H:%M", Window.DAY: "%a %H:00", Window.MONTH: "%a %-d %b"}
WORDS = {Window.HALF_HOUR: "30 min", Window.DAY: "24 h", Window.MONTH: "30 d"}


@bp.get("/alerts/<int:alert_id>")
@requires(Role.VIEWER)
def show(alert_id: int) -> Response:
    """The page; a poll that finds nothing new costs neither a query nor a template."""
    unchanged = live.not_modified("alerts")
    if unchanged is not None:
        return unchanged
    return htmx.page("alerts/show.html", BLOCKS, **showing(queries.get(alert_id)))


def showing(alert: Alert) -> dict[str, Any]:
    """Everything the page of one alert shows."""
    now = clock.now()
    window = forms.parse_window(request.args.get("window", ""), alert.last_seen, now)
    buckets = queries.chart(alert.id, window, now)
    status = alert.state.at(now).status
    return {
        "alert": alert,
        "view": {name: request.args[name] for name in ("window", "occurrence") if request.args.get(name)},
        "stands": status.word,
        "mute": silences.muted_by(alert, now),
        "facts": queries.facts(alert),
        "flapping": noise.spells([alert.id]).get(alert.id),
        "jobs": len(queries.failed_jobs(alert)) if status is not Status.RESOLVED else 0,
        "may_retry": alert.source in RETRIED,
        "since": since(alert),
        "rate": rate(alert),
        "window": window,
        "windows": WORDS,
        "chart": drawn(buckets, window),
        "final": sum(bucket.final for bucket in buckets),
        "again": sum(bucket.retried for bucket in buckets),
        "history": queries.history(alert.id, limit=HISTORY).items,
        "removed": REMOVED,
        **reader(),
        **_failure(alert),
    }


def since(alert: Alert) -> datetime:
    """When what stands now began: an alert is told of its first failure after it, never before."""
    return alert.opened_at if alert.reopened_count else alert.first_seen


def rate(alert: Alert) -> str:
    """How fast it comes, in words, or nothing for a single failure."""
    span = alert.last_seen - since(alert)
    if alert.count_since_open < 3 or span < timedelta(minutes=1):  # noqa: PLR2004
        return ""
    for unit, size in (("minute", 60), ("hour", 3600), ("day", 86400)):
        each = alert.count_since_open / (span.total_seconds() / size)
        if each >= 1:
            return f"about {each:,.0f} a {unit}"
    return "less than one a day"


def drawn(buckets: list[Bucket], window: Window) -> charts.Columns:
    """The chart of occurrences, labelled in the reader's zone."""
    zone, (every, form) = filters.zone(), TICKS[window]
    local = [bucket.at.astimezone(zone) for bucket in buckets]
    steps = [
        charts.Column(bucket.at, bucket.final, bucket.retried, at.strftime(NAMES[window]))
        for bucket, at in zip(buckets, local, strict=True)
    ]
    marks = [(i, at) for i, at in enumerate(local) if _marked(i, at.minute, every, window)]
    ticks = [(i, at.strftime(form)) for i, at in marks]
    total = sum(bucket.final + bucket.retried for bucket in buckets)
    label = f"{filters.plural(total, 'failure')} in {WORDS[window]}"
    return charts.columns(steps, label=label, ticks=ticks)


def _marked(index: int, minute: int, every: int, window: Window) -> bool:
    return minute % every == 0 if window is Window.HALF_HOUR else index % every == every // 2


def _failure(alert: Alert) -> dict[str, Any]:
    asked = request.args.get("occurrence", "")
    chosen = queries.occurrence(alert.id, int(asked)) if asked.isdecimal() and len(asked) < 19 else None  # noqa: PLR2004
    failure = chosen or queries.newest_occurrence(alert.id)
    newer, older = queries.neighbours(alert.id, failure) if failure else (None, None)
    return {
        "failure": failure,
        "newer": newer,
        "older": older,
        "parts": frames.read(failure.traceback or "") if failure else [],
        "called_with": called_with(failure) if failure else [],
    }


def called_with(failure: Occurrence) -> list[tuple[str, Any]]:
    """The call's arguments as (name, value); positional ones have no name."""
    args = failure.args if isinstance(failure.args, list) else [] if failure.args is None else [failure.args]
    kwargs = failure.kwargs if isinstance(failure.kwargs, dict) else {}
    return [*(("", value) for value in args), *kwargs.items()]
