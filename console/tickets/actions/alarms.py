"""Clocks that come at risk or over become alerts, one a ticket; it resolves itself when nothing presses any more."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Final, Protocol

from console.alerts import actions as alerts
from console.alerts.queries import identity
from console.alerts.rules.failure import Failure
from console.alerts.rules.messages import title as line_of
from console.alerts.rules.states import Severity, Status
from console.infra.actor import SYSTEM
from console.infra.scrub import scrub_text
from console.tickets.rules.instants import instant
from console.tickets.rules.telling import BREACHED, News

SOURCE: Final = "tickets"
TASK: Final = "tickets.sla"
ENVIRONMENT: Final = "production"
# What alerts accept; older deadlines count as of then.
EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
CLOCK_WORDS: Final = {
    "first_response": "first response",
    "next_response": "next response",
    "resolution": "resolution",
}


class Named(Protocol):
    """What tells a ticket's alert."""

    @property
    def source(self) -> str: ...
    @property
    def id(self) -> int: ...


class Subject(Named, Protocol):
    """What is told of a ticket: a model, or a row with these columns."""

    @property
    def external_id(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def url(self) -> str | None: ...
    @property
    def organization(self) -> str | None: ...
    @property
    def group(self) -> str | None: ...
    @property
    def priority(self) -> str | None: ...
    @property
    def assignee(self) -> str | None: ...


def fingerprint(ticket: Named) -> str:
    """Which alert is a ticket's."""
    return f"sla:{ticket.id}"


def title(ticket: Subject, news: News) -> str:
    """What happened, in a line: "SLA breached: first response of zammad 1010, Invoice missing"."""
    happened = "SLA breached" if news.level == BREACHED else "SLA at risk"
    return f"{happened}: {CLOCK_WORDS[news.clock]} of {ticket.source} {ticket.external_id}, {ticket.subject}"


def failure(ticket: Subject, news: News, *, policy: str | None) -> Failure:
    """The failure that tells of a clock, dated when it came at risk or over."""
    over = news.level == BREACHED
    verb = "is overdue" if over else "is at risk"
    about = title(ticket, news)
    owner = ticket.assignee or "nobody"
    level = "breach" if over else "at_risk"
    return Failure(
        service=ticket.source,
        environment=ENVIRONMENT,
        task=TASK,
        occurred_at=max(EARLIEST, instant(news.at)),
        severity=Severity.ERROR if over else Severity.WARNING,
        message=f"{about}\nThe {CLOCK_WORDS[news.clock]} {verb}. Policy {policy or 'none'}; assigned to {owner}.",
        fingerprint=fingerprint(ticket),
        event_id=f"{fingerprint(ticket)}:{news.clock}:{level}:{news.since}:{news.at}",
        tags=_tags(ticket, news.clock),
        runbook_url=ticket.url,
        source=SOURCE,
    )


def _tags(ticket: Subject, clock: str) -> dict[str, str]:
    found = {
        "ticket": ticket.external_id,
        "clock": clock,
        "organization": ticket.organization,
        "priority": ticket.priority,
        "owner": ticket.assignee,
        "group": ticket.group,
    }
    return {name: value for name, value in found.items() if value}


def raise_all(failures: Sequence[Failure], *, at: datetime) -> None:
    """Raise what the sweep has found; what the session holds is old afterwards."""
    if not failures:
        return
    alerts.ingest(failures, at=at)
    # An alert keeps the title it began with; one that warned and then broke says the worse.
    broken = {(f.service, f.environment, str(f.fingerprint)): f for f in failures if f.severity is Severity.ERROR}
    alerts.retitle({key: line_of(None, scrub_text(f.message or ""), f.task) for key, f in broken.items()})


def resolve_all(tickets: Collection[Named], *, at: datetime, why: str) -> None:
    """Resolve the alerts of tickets that press nobody any more."""
    if not tickets:
        return
    keys = [(ticket.source, ENVIRONMENT, fingerprint(ticket)) for ticket in tickets]
    for alert in identity.same_as(keys):
        if alert.status is not Status.RESOLVED:
            alerts.resolve(alert, by=SYSTEM, at=at, why=why)
