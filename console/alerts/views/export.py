"""The list as CSV: the same filter and order, sent batch by batch, so that a million rows need no more memory."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import orjson
import structlog
from flask import Response, request, url_for

from console.alerts import forms, queries
from console.alerts.models import Alert
from console.alerts.queries import TooSlow
from console.alerts.views.blueprint import bp
from console.alerts.views.lists import SHOWN
from console.audit.rules import csv_lines
from console.infra import clock
from console.infra.actor import Role
from console.web import files
from console.web.auth import current_actor, requires

PLAIN = (
    "id", "service", "environment", "task", "exception_type", "title", "source", "count", "count_since_open",
    "reopened_count", "assignee", "acknowledged_by", "runbook_url",
)  # fmt: skip
TIMES = ("first_seen", "last_seen", "acknowledged_at", "snoozed_until", "resolved_at")
HEAD = ("status", "severity", *PLAIN, *TIMES, "tags", "url")

log = structlog.get_logger(__name__)


@bp.get("/alerts.csv")
@requires(Role.VIEWER)
def export_csv() -> Response:
    """What the list shows, all of it; who took it is in the log, since a GET changes nothing. Raises Invalid."""
    kept, now = forms.kept(request.args), clock.now()
    rows = _rows(kept, now)
    # The head and the first batch now: what cannot be read is refused before the answer has begun.
    first = [next(rows), next(rows, None)]
    log.info("alerts_exported", by=current_actor().label, **{f"filter_{name}": value for name, value in kept.items()})
    return files.table(f"alerts-{now:%Y%m%dT%H%M%SZ}", csv_lines(_after(first, rows)))


def _after(first: list[tuple[Any, ...] | None], rows: Iterator[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    yield from (row for row in first if row is not None)
    try:
        yield from rows
    except TooSlow:
        yield ("This search took too long and was ended: there are more alerts than these.",)


def _rows(kept: dict[str, Any], now: datetime) -> Iterator[tuple[Any, ...]]:
    wanted, root = forms.parse_filter(kept), url_for("alerts.index", _external=True)
    yield HEAD
    for alert in queries.every(wanted.only(*(wanted.statuses or SHOWN)), now, sort=forms.parse_sort(kept)):
        yield _row(alert, now, root)


def _row(alert: Alert, now: datetime, root: str) -> tuple[Any, ...]:
    state, times = alert.state.at(now), [getattr(alert, name) for name in TIMES]
    told = [getattr(alert, name) for name in PLAIN]
    tags = orjson.dumps(alert.tags, option=orjson.OPT_SORT_KEYS).decode()
    at = [time.isoformat().replace("+00:00", "Z") if time else None for time in times]
    return (state.status.word, state.severity.word, *told, *at, tags, f"{root}/{alert.id}")
