"""Taking what a channel has to send, and writing down what became of it.

`claim` commits before anything leaves the process and `settle` after it came back. A worker that dies in between leaves
a claim that runs out; the very same message is then sent again under the same id, so that its receiver can tell.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import select

from console.alerts.models import Alert
from console.alerts.rules.states import Status
from console.infra import events
from console.infra.actor import SYSTEM
from console.infra.db import db
from console.infra.jobs.backoff import delay
from console.oncall import queries
from console.oncall.actions import own_alert
from console.oncall.actions.links import acknowledge_token
from console.oncall.actions.setup import ROOM
from console.oncall.actions.skipping import skip_what_is_over, skip_what_is_silenced
from console.oncall.models import (
    Channel,
    Delivery,
    DeliveryAttempt,
    DeliveryState,
    Kind,
    Purpose,
)
from console.oncall.rules import pacing, wording


@dataclass(frozen=True, slots=True)
class Claim:
    """A message to send: where it goes, with its secrets still sealed, and what it says."""

    channel_id: int
    name: str
    kind: str
    recipient: str
    address: str = field(repr=False)
    signing_key: str = field(repr=False)
    message: wording.Message


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a try, which took `seconds`.

    `refused`: heard and not wanted, as opposed to not heard. `perhaps`: nobody knows whether it was heard.
    """

    delivered: bool
    detail: str
    seconds: float
    refused: bool = False
    perhaps: bool = False
    retry_after: float | None = None


def claim(channel_id: int, *, home: str, at: datetime) -> Claim | None:
    """Take the channel's next message, for one minute; None when there is nothing to send now."""
    channel = _locked(channel_id)
    if channel is None:
        return None
    skip_what_is_over(channel)
    skip_what_is_silenced(channel, at)
    batch = _tests(channel, at) or _lost(channel, at) or _next(channel, at)
    if not batch:
        return None
    # What may have arrived before keeps its id, so that its receiver can tell.
    uid = batch[0].message_uid or (batch[0].uid if len(batch) == 1 else uuid.uuid4())
    for delivery in batch:
        if delivery.state == DeliveryState.SENDING:
            _attempted(delivery, "lost", "Its worker ended before it saw the outcome.", None, at)
        delivery.state, delivery.message_uid, delivery.together = DeliveryState.SENDING, uid, len(batch)
        delivery.attempts += 1
        delivery.claimed_until = at + pacing.CLAIM
    db.session.flush()
    events.touch(ROOM)
    return _claim(channel, batch, uid, home, at)


def settle(taken: Claim, outcome: Outcome, *, at: datetime) -> bool:
    """Write down what became of a claim; False when it had run out and somebody else has it now."""
    channel = _locked(taken.channel_id)
    mine = (Delivery.message_uid == taken.message.uid, Delivery.state == DeliveryState.SENDING)
    batch = db.session.scalars(select(Delivery).where(*mine).order_by(Delivery.id).with_for_update()).all()
    if channel is None or not batch:
        return False
    for delivery in batch:
        _attempted(delivery, "sent" if outcome.delivered else "failed", outcome.detail, outcome.seconds, at)
        _settle(delivery, outcome, at)
    if batch[0].purpose == Purpose.ALERT or outcome.delivered:
        _note_health(channel, outcome, at)
    if not outcome.delivered:
        _wait(channel, batch)
    db.session.flush()
    events.touch(ROOM)
    return True


def _locked(channel_id: int) -> Channel | None:
    rows = select(Channel).where(Channel.id == channel_id).with_for_update()
    return db.session.scalar(rows.execution_options(populate_existing=True))


def _tests(channel: Channel, at: datetime) -> Sequence[Delivery]:
    return queries.waiting(channel.id, at, Delivery.purpose == Purpose.TEST)[:1]


def _lost(channel: Channel, at: datetime) -> Sequence[Delivery]:
    """A whole message whose claim ran out, as it was."""
    mine = (Delivery.channel_id == channel.id, Delivery.state == DeliveryState.SENDING)
    first = select(Delivery.message_uid).where(*mine, Delivery.claimed_until <= at).order_by(Delivery.id).limit(1)
    uid = db.session.scalar(first)
    if uid is None:
        return []
    rows = select(Delivery).where(*mine, Delivery.message_uid == uid).order_by(Delivery.id)
    batch = db.session.scalars(rows.with_for_update()).all()
    if max(delivery.attempts for delivery in batch) < pacing.LOSSES:
        return batch
    for delivery in batch:
        _attempted(delivery, "lost", "Its worker ended before it saw the outcome.", None, at)
        delivery.state, delivery.error = DeliveryState.FAILED, f"{pacing.LOSSES} workers ended while sending this."
    return []


def _next(channel: Channel, at: datetime) -> Sequence[Delivery]:
    """What is due for the recipient who has waited longest, at a pace a person can bear."""
    if channel.retry_at is not None and channel.retry_at > at:
        return []
    by_recipient: dict[str, list[Delivery]] = {}
    due_now = queries.waiting(channel.id, at, Delivery.purpose == Purpose.ALERT)
    for delivery in sorted(due_now, key=lambda each: each.message_uid is None):
        by_recipient.setdefault(delivery.recipient, []).append(delivery)
    for recipient, due in by_recipient.items():
        if (doubtful := due[0].message_uid) is not None:
            return [delivery for delivery in due if delivery.message_uid == doubtful]
        sent, oldest = queries.sent_within(channel.id, recipient, at - pacing.WINDOW)
        held = channel.failures > 0 or due[0].created_at <= at - pacing.HELD
        turn = pacing.turn(len(due), sent, oldest, held=held)
        if turn.until is None:
            return due[: turn.take]
        for delivery in due:
            delivery.due_at = turn.until
    db.session.flush()
    return []


def _claim(channel: Channel, batch: Sequence[Delivery], uid: uuid.UUID, home: str, at: datetime) -> Claim:
    alerts = queries.alerts_of([d.alert_id for d in batch if d.alert_id])
    pairs = [(delivery, alerts.get(delivery.alert_id or 0)) for delivery in batch]
    told = [_told(delivery, alert, home, at, alone=len(batch) == 1) for delivery, alert in pairs if alert is not None]
    return Claim(
        channel_id=channel.id,
        name=channel.name,
        kind=channel.kind,
        recipient=batch[0].recipient,
        address=channel.address or "",
        signing_key=channel.signing_key or "",
        message=wording.message(uid, at, f"{home}/alerts", told, named=pacing.NAMED),
    )


def _told(delivery: Delivery, alert: Alert, home: str, at: datetime, *, alone: bool) -> wording.Told:
    standing = alert.state.at(at).status
    linked = alone and delivery.kind == Kind.EMAIL and (delivery.news is None or standing is Status.OPEN)
    token = acknowledge_token(delivery, at) if linked else None
    return wording.Told(
        id=alert.id, service=alert.service, environment=alert.environment, task=alert.task, title=alert.title,
        severity=alert.severity.word, status=standing.word, count=alert.count,
        first_seen=alert.first_seen, last_seen=alert.last_seen, url=f"{home}/alerts/{alert.id}",
        opening=delivery.opening or 0, step=delivery.step or 0, runbook_url=alert.runbook_url,
        acknowledged_by=alert.acknowledged_by, tags=alert.tags, news=delivery.news, why=delivery.why,
        acknowledge_url=f"{home}/on-call/acknowledge/{token}" if token else None,
    )  # fmt: skip


def _attempted(delivery: Delivery, outcome: str, detail: str, seconds: float | None, at: datetime) -> None:
    assert delivery.message_uid is not None
    tried = DeliveryAttempt(
        delivery_id=delivery.id, attempt=delivery.attempts, message_uid=delivery.message_uid,
        together=delivery.together, at=at, seconds=seconds, outcome=outcome, detail=detail,
    )  # fmt: skip
    db.session.add(tried)


def _settle(delivery: Delivery, outcome: Outcome, at: datetime) -> None:
    delivery.claimed_until = None
    delivery.error = None if outcome.delivered else outcome.detail
    if outcome.delivered:
        delivery.state, delivery.sent_at = DeliveryState.SENT, at
        return
    tired = at - delivery.created_at >= pacing.GIVE_UP
    unwanted = outcome.refused and delivery.attempts >= pacing.REFUSALS
    ends = delivery.purpose == Purpose.TEST or tired or unwanted
    delivery.state = DeliveryState.FAILED if ends else DeliveryState.WAITING
    if not outcome.perhaps and not ends:
        delivery.message_uid, delivery.together = None, 1


def _note_health(channel: Channel, outcome: Outcome, at: datetime) -> None:
    if outcome.delivered:
        channel.failures, channel.failing_since, channel.retry_at, channel.last_error = 0, None, None, None
        channel.last_sent_at = at
        own_alert.resolve(channel, by=SYSTEM, at=at)
        return
    channel.failures += 1
    channel.failing_since = channel.failing_since or at
    channel.last_error = outcome.detail
    wait = delay(channel.failures, base=pacing.FIRST_WAIT, cap=pacing.LONGEST_WAIT)
    channel.retry_at = at + timedelta(seconds=min(outcome.retry_after or wait, 3_600))
    if channel.failures == pacing.FAILING:
        own_alert.raise_(channel, at=at)


def _wait(channel: Channel, batch: Sequence[Delivery]) -> None:
    for delivery in batch:
        if delivery.state == DeliveryState.WAITING and channel.retry_at is not None:
            delivery.due_at = channel.retry_at
