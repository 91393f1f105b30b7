"""A broker that stays away is an alert of its service, one for each absence; it resolves when the broker is back."""

from datetime import datetime
from typing import Final

from console.alerts import actions as alerts
from console.alerts.queries import identity
from console.alerts.rules.failure import Failure
from console.alerts.rules.states import Severity, Status
from console.infra.actor import SYSTEM
from console.infra.db import db
from console.queues import queries
from console.queues.models import BrokerState
from console.queues.rules.brokers import Kind, Watched, is_back, to_be_told

TASK: Final = "queues.broker"
OURS: Final = "console"


def failed(state: BrokerState, *, at: datetime) -> None:
    """It did not answer just now: tell, once it has not done so for long."""
    state.back_since = None
    if state.told_at is not None or state.failing_since is None or not to_be_told(state.failing_since, at):
        return
    broker = queries.get_watched(state.broker)
    if not broker.enabled:
        return
    state.told_at = at
    alerts.ingest([_failure(broker, state, at)], at=at)


def answered(state: BrokerState, *, at: datetime) -> None:
    """It answered just now: the alert resolves once it has done so for long."""
    if state.told_at is None:
        return
    state.back_since = state.back_since or at
    if is_back(state.back_since, at):
        _settle(queries.get_watched(state.broker), state, at=at, why=f"{state.broker} answers again")


def settle(broker: Watched, *, at: datetime, why: str) -> None:
    """Resolve the alert of a broker that is about to be changed or removed; if it stays away it is told again."""
    state = db.session.get(BrokerState, broker.name, with_for_update=True)
    if state is not None and state.told_at is not None:
        _settle(broker, state, at=at, why=why)
        db.session.flush()


def _settle(broker: Watched, state: BrokerState, *, at: datetime, why: str) -> None:
    state.told_at = state.back_since = None
    for alert in identity.same_as([(_service(broker), broker.environment, _fingerprint(broker))]):
        if alert.status is not Status.RESOLVED:
            alerts.resolve(alert, by=SYSTEM, at=at, why=why)


def _failure(broker: Watched, state: BrokerState, at: datetime) -> Failure:
    since = state.failing_since or at
    return Failure(
        service=_service(broker), environment=broker.environment, task=TASK, severity=Severity.CRITICAL,
        occurred_at=at, fingerprint=_fingerprint(broker), event_id=f"{_fingerprint(broker)}:{at.isoformat()}",
        message=f"Broker {broker.name} does not answer\n{state.error} No look at {broker.place} has succeeded since "
        f"{since:%Y-%m-%d %H:%M:%S} UTC. {_meanwhile(broker)}",
        tags={"broker": broker.name, "place": broker.place, "kind": str(broker.kind)}, source="queues",
    )  # fmt: skip


def _meanwhile(broker: Watched) -> str:
    if broker.builtin:
        return "Our own jobs wait in PostgreSQL until it is back."
    if broker.kind is Kind.RQ:
        return "What fails there is told when it is back."
    return "What fails there meanwhile is told afterwards only where its results are kept, or by its handler."


def _service(broker: Watched) -> str:
    return OURS if broker.builtin else broker.service


def _fingerprint(broker: Watched) -> str:
    return f"broker-away:{broker.name}"
