"""What an alert's page tells of its failures: how often over time, and one of them whole."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import request

from console.alerts import forms, queries
from console.alerts.models import Alert, Occurrence
from console.alerts.queries import Bucket, Facts, Window
from console.alerts.queries.related import Release
from console.alerts.rules import frames
from console.web import charts, filters

# A label under every so many bars, and how it is written in the reader's zone.
TICKS = {Window.HALF_HOUR: (5, "%H:%M"), Window.DAY: (4, "%H:%M"), Window.MONTH: (5, "%-d %b")}
NAMES = {Window.HALF_HOUR: "%H:%M", Window.DAY: "%a %H:00", Window.MONTH: "%a %-d %b"}
WORDS = {Window.HALF_HOUR: "30 min", Window.DAY: "24 h", Window.MONTH: "30 d"}


def occurring(alert: Alert, now: datetime, began: Sequence[Release]) -> dict[str, Any]:
    """The chart of occurrences, with those releases that began in its time."""
    window = forms.parse_window(request.args.get("window", ""), alert.last_seen, now)
    buckets = queries.chart(alert.id, window, now)
    return {
        "window": window,
        "windows": WORDS,
        "chart": drawn(buckets, window, began),
        "final": sum(bucket.final for bucket in buckets),
        "again": sum(bucket.retried for bucket in buckets),
    }


def drawn(buckets: list[Bucket], window: Window, began: Sequence[Release]) -> charts.Columns:
    """The chart, labelled in the reader's zone."""
    zone, (every, form) = filters.zone(), TICKS[window]
    local = [bucket.at.astimezone(zone) for bucket in buckets]
    steps = [
        charts.Column(bucket.at, bucket.final, bucket.retried, at.strftime(NAMES[window]))
        for bucket, at in zip(buckets, local, strict=True)
    ]
    ticked = [(i, at) for i, at in enumerate(local) if _ticked(i, at.minute, every, window)]
    total = sum(bucket.final + bucket.retried for bucket in buckets)
    label = f"{filters.plural(total, 'failure')} in {WORDS[window]}"
    told = [(one.first_at.astimezone(zone).strftime(form), one) for one in began if one.first_at >= buckets[0].at]
    marks = [charts.mark(steps, one.first_at, f"{at} release {short(one.name)}") for at, one in told]
    label += "".join(f"; release {one.name} first failed at {at}" for at, one in told)
    ticks = [(i, at.strftime(form)) for i, at in ticked]
    return charts.columns(steps, label=label, ticks=ticks, marks=[mark for mark in marks if mark])


def short(release: str) -> str:
    """A release as a label has room for: a commit by its first letters."""
    return release[:10] if len(release) > 24 else release  # noqa: PLR2004


def _ticked(index: int, minute: int, every: int, window: Window) -> bool:
    return minute % every == 0 if window is Window.HALF_HOUR else index % every == every // 2


def failing(alert: Alert, family: Sequence[int], facts: Facts) -> dict[str, Any]:
    """One failure whole: the one asked for, else the newest."""
    asked = request.args.get("occurrence", "")
    newer, older = None, facts.older[0] if facts.older else None
    failure: Occurrence | None
    if asked.isdecimal() and len(asked) < 19:  # noqa: PLR2004
        failure = chosen = queries.occurrence(alert.id, int(asked))
        newer, older = queries.neighbours(family, chosen)
    else:
        failure = queries.received(*facts.newest) if facts.newest else None
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
