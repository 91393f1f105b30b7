"""Reads of telling people: channels, rules, deliveries, and what is due."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import joinedload

from console.accounts.models import User
from console.alerts.models import Alert
from console.infra.actor import Role
from console.infra.db import db
from console.infra.errors import NotFound
from console.infra.events import Telling, Told
from console.infra.jobs import Job, JobState
from console.infra.paging import Page, decode, page_of
from console.oncall.models import (
    Channel,
    Delivery,
    DeliveryAttempt,
    DeliveryState,
    Notice,
    OutwardBeat,
    Purpose,
    RoutingRule,
)

# Messages that the page of an alert shows.
TOLD = 6
BUSY = (JobState.REQUESTED, JobState.RUNNING)
PENDING = (DeliveryState.WAITING, DeliveryState.SENDING)


def channels() -> Sequence[Channel]:
    """All, by name."""
    return db.session.scalars(select(Channel).order_by(Channel.name)).all()


def channels_page(*, limit: int, cursor: str | None = None) -> Page[Channel]:
    """Some, by name; raises Invalid for a bad cursor."""
    rows = select(Channel).order_by(Channel.name).limit(limit + 1)
    if cursor:
        rows = rows.where(Channel.name > decode(cursor, str)[0])
    return page_of(list(db.session.scalars(rows)), limit, lambda channel: (channel.name,))


def find_channel(name: str) -> Channel | None:
    """The channel of this name, or None."""
    return db.session.scalar(select(Channel).where(Channel.name == name))


def get_channel(name: str) -> Channel:
    """The channel of this name; raises NotFound."""
    found = find_channel(name)
    if found is None:
        raise NotFound(f"There is no channel called {name}.")
    return found


def get_channel_for_change(name: str) -> Channel:
    """The same, locked until the transaction ends."""
    rows = select(Channel).where(Channel.name == name).with_for_update().execution_options(populate_existing=True)
    found = db.session.scalar(rows)
    if found is None:
        raise NotFound(f"There is no channel called {name}.")
    return found


def channels_named(names: Sequence[str]) -> Mapping[str, Channel]:
    """Those of these names that exist."""
    return {c.name: c for c in db.session.scalars(select(Channel).where(Channel.name.in_(names)))}


def rules() -> Sequence[RoutingRule]:
    """All, in the order in which they are asked, with their channels."""
    return db.session.scalars(select(RoutingRule).order_by(RoutingRule.position, RoutingRule.id)).all()


def rules_page(*, limit: int, cursor: str | None = None) -> Page[RoutingRule]:
    """Some, in their order; raises Invalid for a bad cursor."""
    rows = select(RoutingRule).order_by(RoutingRule.position, RoutingRule.id).limit(limit + 1)
    if cursor:
        position, rule_id = decode(cursor, int, int)
        same = and_(RoutingRule.position == position, RoutingRule.id > rule_id)
        rows = rows.where(or_(RoutingRule.position > position, same))
    return page_of(list(db.session.scalars(rows)), limit, lambda rule: (rule.position, rule.id))


def find_rule(name: str) -> RoutingRule | None:
    """The rule of this name, or None."""
    return db.session.scalar(select(RoutingRule).where(RoutingRule.name == name))


def get_rule(name: str) -> RoutingRule:
    """The rule of this name; raises NotFound."""
    found = find_rule(name)
    if found is None:
        raise NotFound(f"There is no routing rule called {name}.")
    return found


def rules_locked() -> Sequence[RoutingRule]:
    """All in their order, locked, so that two people do not both reorder them."""
    rows = select(RoutingRule).order_by(RoutingRule.position, RoutingRule.id).with_for_update()
    return db.session.scalars(rows.execution_options(populate_existing=True)).all()


def deliveries(
    *, limit: int, cursor: str | None = None, state: str = "", channel: str = "", alert: int | None = None
) -> Page[Delivery]:
    """The log, newest first; raises Invalid for a bad cursor."""
    rows = select(Delivery).order_by(Delivery.id.desc()).limit(limit + 1)
    if cursor:
        rows = rows.where(Delivery.id < decode(cursor, int)[0])
    if state:
        rows = rows.where(Delivery.state == state)
    if channel:
        rows = rows.where(Delivery.channel_name == channel)
    if alert is not None:
        rows = rows.where(Delivery.alert_id == alert)
    return page_of(list(db.session.scalars(rows)), limit, lambda delivery: (delivery.id,))


def telling_of(alert_id: int) -> Telling:
    """What the page of an alert says of who was told; answers the hook `alert_told`."""
    rows = select(Delivery).where(Delivery.alert_id == alert_id)
    latest = rows.order_by(Delivery.opening.desc(), Delivery.step.desc(), Delivery.id.desc()).limit(TOLD + 1)
    found = db.session.scalars(latest).all()
    notice = select(Notice.next_step_at).where(Notice.alert_id == alert_id, Notice.ended_at.is_(None))
    due = db.session.scalar(notice.order_by(Notice.opening.desc()).limit(1))
    lines = tuple(
        Told(d.id, d.created_at, d.channel_name, d.recipient, d.state, d.step or 0, d.sent_at, d.error)
        for d in found[:TOLD]
    )
    return Telling(lines, len(found) > TOLD, due)


def get_delivery(delivery_id: int) -> Delivery:
    """One line of the log; raises NotFound."""
    found = db.session.get(Delivery, delivery_id) if 0 < delivery_id < 2**63 else None
    if found is None:
        raise NotFound("There is no such delivery; the log keeps 90 days.")
    return found


def attempts(delivery_id: int) -> Sequence[DeliveryAttempt]:
    """The tries of a delivery, the first one first."""
    rows = select(DeliveryAttempt).where(DeliveryAttempt.delivery_id == delivery_id)
    return db.session.scalars(rows.order_by(DeliveryAttempt.attempt)).all()


def titles(found: Sequence[Delivery]) -> Mapping[int, str]:
    """The titles of the alerts that deliveries are about."""
    ids = {delivery.alert_id for delivery in found if delivery.alert_id}
    rows = db.session.execute(select(Alert.id, Alert.title).where(Alert.id.in_(ids)))
    return {row.id: row.title for row in rows}


def unmatched_since(at: datetime) -> int:
    """How many openings no rule matched since then, counted up to 1,000."""
    rows = select(Notice.id).where(Notice.rule.is_(None), Notice.started_at >= at).limit(1_000)
    return db.session.scalar(select(func.count()).select_from(rows.subquery())) or 0


def latest_notices(alert_ids: Sequence[int]) -> Mapping[int, Notice]:
    """The last opening of each alert, locked."""
    newest = (
        select(func.max(Notice.id)).where(Notice.alert_id.in_(alert_ids)).group_by(Notice.alert_id).scalar_subquery()
    )
    rows = select(Notice).where(Notice.id.in_(newest)).with_for_update()
    return {notice.alert_id: notice for notice in db.session.scalars(rows)}


def due_notices(at: datetime, *, limit: int) -> Sequence[Notice]:
    """The openings whose next step is due, the longest overdue first, locked."""
    rows = select(Notice).where(Notice.next_step_at <= at, Notice.ended_at.is_(None))
    return db.session.scalars(rows.order_by(Notice.next_step_at).limit(limit).with_for_update(skip_locked=True)).all()


def alerts_of(alert_ids: Sequence[int]) -> Mapping[int, Alert]:
    """Alerts with what is told of them."""
    rows = select(Alert).where(Alert.id.in_(alert_ids)).options(joinedload(Alert.detail, innerjoin=True))
    return {alert.id: alert for alert in db.session.scalars(rows)}


def channels_with_work(at: datetime) -> Sequence[Channel]:
    """Channels that have something to send now and no job that does so, locked."""
    mine = Delivery.channel_id == Channel.id
    due = exists().where(mine, Delivery.state == DeliveryState.WAITING, Delivery.due_at <= at)
    tried = exists().where(mine, Delivery.state == DeliveryState.WAITING, Delivery.purpose == Purpose.TEST)
    lost = exists().where(mine, Delivery.state == DeliveryState.SENDING, Delivery.claimed_until <= at)
    rested = or_(Channel.retry_at.is_(None), Channel.retry_at <= at)
    busy = exists().where(Job.id == Channel.job_id, Job.state.in_(BUSY))
    rows = select(Channel).where(or_(and_(rested, or_(due, lost)), tried), ~busy)
    return db.session.scalars(rows.with_for_update(skip_locked=True)).all()


def sent_within(channel_id: int, recipient: str, since: datetime) -> tuple[int, datetime | None]:
    """How many messages of alerts a recipient got through a channel since then, and when the first of them."""
    sent = (
        Delivery.channel_id == channel_id,
        Delivery.recipient == recipient,
        Delivery.state == DeliveryState.SENT,
        Delivery.sent_at > since,
        Delivery.purpose == Purpose.ALERT,
    )
    row = db.session.execute(
        select(func.count(Delivery.message_uid.distinct()), func.min(Delivery.sent_at)).where(*sent)
    ).one()
    return row[0], row[1]


def waiting(channel_id: int, at: datetime, *conditions: ColumnElement[bool]) -> Sequence[Delivery]:
    """What a channel has to send now, the oldest first."""
    rows = select(Delivery).where(
        Delivery.channel_id == channel_id,
        Delivery.state == DeliveryState.WAITING,
        Delivery.due_at <= at,
        *conditions,
    )
    return db.session.scalars(rows.order_by(Delivery.id).with_for_update()).all()


def may_acknowledge(email: str) -> User | None:
    """The account of this address if it may acknowledge alerts."""
    user = db.session.scalar(select(User).where(User.email == email.lower(), User.disabled_at.is_(None)))
    return user if user is not None and user.role.includes(Role.RESPONDER) else None


def beat() -> OutwardBeat | None:
    """The last outward heartbeat."""
    return db.session.get(OutwardBeat, 1)


def overdue_jobs(at: datetime, grace: timedelta) -> int:
    """How many short jobs should have begun more than `grace` ago and have not, counted up to 100."""
    late = select(Job.id).where(Job.state == JobState.REQUESTED, Job.run_at < at - grace, Job.queue == "fast")
    return db.session.scalar(select(func.count()).select_from(late.limit(100).subquery())) or 0
