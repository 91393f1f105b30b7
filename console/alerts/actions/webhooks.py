"""What other alert systems say, done: failures taken in, alerts ended. The same message twice changes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from console.alerts.actions import merging, store
from console.alerts.actions.ingest import ingest
from console.alerts.actions.prepare import Key, prepare
from console.alerts.models import Alert
from console.alerts.queries import identity
from console.alerts.rules.states import Status
from console.alerts.rules.webhooks.notice import Mail, Notice
from console.infra.actor import Actor

ALERTMANAGER = Actor(kind="system", id=None, label="Alertmanager")
SENTRY = Actor(kind="system", id=None, label="Sentry")
RESOLVED, FIRING = ":resolved", ":firing"


@dataclass(frozen=True, slots=True)
class Taken:
    """How many parts were news, repeats, endings and nothing to the console; `alerts` are those that they concern."""

    accepted: int = 0
    duplicates: int = 0
    resolved: int = 0
    ignored: int = 0
    alerts: tuple[int, ...] = ()


def take_alertmanager(mail: Mail, *, at: datetime) -> Taken:
    """Take in what fires, end what is over. Safe to be sent again, late, or in the wrong order."""
    firing = [notice for notice in mail.notices if not notice.over]
    over = [notice for notice in mail.notices if notice.over]
    done = ingest([replace(notice.failure, event_id=notice.key) for notice in firing], at=at)
    # An ending that came first is remembered: what it ended does not stay open by arriving after it.
    ended = _end([notice for notice in firing if _ended_before(notice)], at)
    given = store.claim_events([event for notice in over if (event := _event(notice))], at)
    news = [notice for notice in over if (event := _event(notice)) is None or event in given]
    resolved = _end(news, at)
    return Taken(
        accepted=done.accepted,
        duplicates=done.duplicates + len(over) - len(news),
        resolved=len(resolved) + len(ended),
        ignored=mail.ignored + len(news) - len(resolved),
        alerts=tuple(sorted({*done.alerts, *resolved})),
    )


def _event(notice: Notice) -> tuple[str, str] | None:
    return None if notice.key is None else (notice.failure.service, notice.key)


def _ended_before(notice: Notice) -> bool:
    if notice.key is None:
        return False
    ending = notice.failure.service, notice.key.removesuffix(FIRING) + RESOLVED
    return bool(identity.seen_events([ending]))


def _end(notices: Sequence[Notice], at: datetime) -> list[int]:
    ends: dict[Key, Notice] = {prepare(notice.failure, at=at).key: notice for notice in notices}
    found = identity.same_as(ends) if ends else []
    told = [(alert, ends[alert.service, alert.environment, alert.fingerprint]) for alert in found]
    return [alert.id for alert, notice in told if _resolve(alert, notice, by=ALERTMANAGER, at=at)]


def _resolve(alert: Alert, notice: Notice, *, by: Actor, at: datetime) -> bool:
    """Resolve it, unless it is, or has failed again since what the notice knows of."""
    if notice.as_of is not None and notice.as_of < alert.last_seen:
        return False
    return merging.end(alert, by=by, at=at, why=notice.why)


def take_sentry(mail: Mail, *, body: str, at: datetime) -> Taken:
    """Take in an event or a change of an issue; `body` names the message, so that a replay of it changes nothing."""
    if not mail.notices:
        return Taken(ignored=mail.ignored)
    (notice,) = mail.notices
    if not store.claim_events([(notice.failure.service, body)], at):
        return Taken(duplicates=1)
    alerts = identity.of_sentry(str(notice.failure.fingerprint))
    if not notice.over:
        return _open(notice, alerts, at)
    resolved = [alert.id for alert in alerts if _resolve(alert, notice, by=SENTRY, at=at)]
    return Taken(resolved=len(resolved), ignored=0 if resolved else 1, alerts=tuple(resolved))


def _open(notice: Notice, alerts: Sequence[Alert], at: datetime) -> Taken:
    if notice.failure.event_id is None and any(alert.status is not Status.RESOLVED for alert in alerts):
        # An issue's word, without an event, of what an event has told already.
        return Taken(ignored=1, alerts=tuple(alert.id for alert in alerts))
    done = ingest([notice.failure], at=at)
    return Taken(accepted=done.accepted, duplicates=done.duplicates, alerts=tuple(sorted(set(done.alerts))))
