"""A source that fails for long is an alert of its own; it resolves when the source answers again."""

from datetime import datetime
from typing import Final

from console.alerts import actions as alerts
from console.alerts.queries import identity
from console.alerts.rules.failure import Failure
from console.alerts.rules.states import Severity, Status
from console.infra.actor import SYSTEM
from console.tickets.models import TicketSource

TASK: Final = "tickets.source"
ENVIRONMENT: Final = "production"


def fingerprint(source: TicketSource) -> str:
    """Which alert is a source's."""
    return f"ticket-source:{source.id}"


def tell(source: TicketSource, *, at: datetime) -> None:
    """Raise it, once for each time that the source failed for long."""
    assert source.failing_since is not None
    failure = Failure(
        service=source.name, environment=ENVIRONMENT, task=TASK, severity=Severity.ERROR,
        occurred_at=at, message=f"Tickets of {source.name} are not read\n{source.error}",
        fingerprint=fingerprint(source), event_id=f"{fingerprint(source)}:{source.failing_since.isoformat()}",
        tags={"place": source.place, "kind": source.kind}, source="tickets",
    )  # fmt: skip
    alerts.ingest([failure], at=at)


def settle(source: TicketSource, *, at: datetime, why: str) -> None:
    """Resolve it, if there is one."""
    if source.failing_since is None:
        return
    for alert in identity.same_as([(source.name, ENVIRONMENT, fingerprint(source))]):
        if alert.status is not Status.RESOLVED:
            alerts.resolve(alert, by=SYSTEM, at=at, why=why)
