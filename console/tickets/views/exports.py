"""The queue and the promises behind a report as CSV: what the page shows, all of it, read and sent in batches."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import Any, Final

import structlog
from flask import Response, request, url_for

from console.audit.rules import csv_lines
from console.infra import clock
from console.infra.actor import Role
from console.tickets.forms import reports as report_forms
from console.tickets.forms.queue import kept, read_filters
from console.tickets.models import Ticket
from console.tickets.queries import desk
from console.tickets.queries import reports as reads
from console.tickets.queries.desk import GROUPS
from console.tickets.queries.lists import Filters
from console.tickets.views.blueprint import bp
from console.tickets.views.rows import Row, rows_of
from console.web import files
from console.web.auth import current_actor, requires

BATCH: Final = 500
# So many are sent together.
LINES: Final = 100
PLAIN: Final = (
    "source", "external_id", "subject", "status", "priority", "organization", "requester", "assignee", "group",
)  # fmt: skip
HEAD: Final = (
    "state", "clock", "due_at", "business_minutes_left", "business_minutes_used", "target_minutes", "policy",
    "calendar", *PLAIN, "tags", "created_at", "updated_at", "helpdesk_url", "url",
)  # fmt: skip
OUTCOME_HEAD: Final = (
    "clock", "source", "external_id", "subject", "policy", "priority", "organization", "assignee", "began_at",
    "ended_at", "day", "target_seconds", "taken_seconds", "late_seconds", "url",
)  # fmt: skip

log = structlog.get_logger(__name__)


def as_csv(name: str, rows: Iterable[Iterable[object]]) -> Response:
    """Rows as a file to keep."""
    return files.table(name, _portions(csv_lines(rows)))


def _portions(lines: Iterator[str]) -> Iterator[str]:
    """Some at a time: to send each line alone costs more than to write it."""
    while portion := "".join(islice(lines, LINES)):
        yield portion


@bp.get("/tickets.csv")
@requires(Role.VIEWER)
def queue_csv() -> Response:
    """What the queue shows; who took it is in the log, since a GET changes nothing."""
    filters, now = read_filters(request.args), clock.now()
    log.info("tickets_exported", by=current_actor().label, **{f"filter_{n}": v for n, v in kept(filters).items()})
    return as_csv(f"tickets-{now:%Y%m%dT%H%M%SZ}", _queue(filters, now))


@bp.get("/tickets/reports/tickets.csv")
@requires(Role.VIEWER)
def outcomes_csv() -> Response:
    """The promises behind a bar."""
    asked, narrowed = report_forms.asked(request.args), report_forms.narrowed(request.args)
    return as_csv(f"promises-{asked.clock}-{asked.first}-{asked.last}-tickets", _outcomes(asked, narrowed))


def _queue(filters: Filters, now: datetime) -> Iterator[Sequence[object]]:
    yield HEAD
    wanted, root = replace(filters, state=None), url_for(".index", _external=True)
    for state in [filters.state] if filters.state else GROUPS:
        after: str | None = ""
        while after is not None:
            found = desk.part(state, wanted, limit=BATCH, after=after)
            yield from (_row(row, state.value, root) for row in rows_of(found.items, now=now))
            after = found.later


def _row(row: Row[Ticket], state: str, root: str) -> Sequence[object]:
    ticket, promise, standing = row.ticket, row.sla.promise, row.standing
    left = row.left.left // 60 if row.left else None
    running = (row.clock, _time(standing.due_at), left, row.spent_minutes) if standing else (None, None, None, None)
    promised = (promise.name, promise.calendar) if promise else (None, None)
    told = [getattr(ticket, name) for name in PLAIN]
    times = (_time(ticket.created_at), _time(ticket.updated_at))
    target = standing.target_minutes if standing else None
    return (
        state,
        *running,
        target,
        *promised,
        *told,
        ", ".join(ticket.tags),
        *times,
        ticket.url,
        f"{root}/{ticket.id}",
    )


def _outcomes(asked: reads.Asked, narrowed: reads.Narrowed) -> Iterator[Sequence[object]]:
    yield OUTCOME_HEAD
    cursor: str | None = ""
    while cursor is not None:
        page = reads.outcomes(asked, narrowed, limit=BATCH, cursor=cursor)
        yield from (_promise(*row) for row in page.items)
        cursor = page.next_cursor


def _promise(outcome: Any, ticket: Any, policy: str) -> Sequence[object]:
    told = (ticket.source, ticket.external_id, ticket.subject, policy)
    at_the_end = (outcome.priority, outcome.organization, outcome.assignee)
    when = (_time(outcome.began_at), _time(outcome.settled_at), outcome.day)
    how = (outcome.target_seconds, outcome.spent_seconds, outcome.late_seconds)
    return (outcome.clock, *told, *at_the_end, *when, *how, url_for(".show", ticket_id=ticket.id, _external=True))


def _time(at: datetime | None) -> str | None:
    return at.isoformat().replace("+00:00", "Z") if at else None
