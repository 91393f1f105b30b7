"""One-tap links: made for one person and one delivery, read as often as scanners like, used once."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select

from console.accounts.models import User
from console.alerts import actions as alert_actions
from console.alerts import queries as alert_queries
from console.alerts.models import Alert
from console.infra import crypto, events
from console.infra.actor import Actor
from console.infra.db import db
from console.infra.errors import Conflict, NotFound
from console.oncall import queries
from console.oncall.actions.setup import ROOM
from console.oncall.models import Delivery
from console.oncall.rules.links import Link, read, written

LIFE: Final = timedelta(hours=24)
PURPOSE: Final = "acknowledge"


def acknowledge_token(delivery: Delivery, at: datetime) -> str | None:
    """What makes the link for the person behind a delivery's address; None for who may not acknowledge."""
    user = queries.may_acknowledge(delivery.recipient)
    if user is None:
        return None
    return crypto.sign(PURPOSE, written(Link(delivery.id, user.id, at + LIFE)))


def opened(token: str, *, at: datetime) -> tuple[Delivery, User, Alert]:
    """What a link is about; changes nothing. Raises NotFound for a forged one, Conflict when it is too old or used."""
    link = read(crypto.signed(PURPOSE, token) or "")
    delivery = db.session.get(Delivery, link.delivery) if link else None
    if link is None or delivery is None or delivery.alert_id is None:
        raise NotFound("This link is not one of ours, or was cut short. Open the message again and tap the whole link.")
    user = queries.may_acknowledge(delivery.recipient)
    if user is None or user.id != link.user:
        raise NotFound("The account that this link was made for may not acknowledge alerts any more.")
    if delivery.answered_at is not None:
        raise Conflict("This link was used already. Each works once; sign in to do more.")
    if link.until <= at:
        raise Conflict("This link is older than a day. Sign in to acknowledge the alert.")
    return delivery, user, alert_queries.get(delivery.alert_id)


def acknowledge(token: str, *, by: Actor, at: datetime) -> Alert:
    """Acknowledge as the person whom the link was made for; `by` says from where. Uses the link up.

    Raises NotFound and Conflict as `opened`, and Conflict when the alert is not open: then the link stays unused.
    """
    delivery, user, alert = opened(token, at=at)
    # Two taps at once: the second waits here and finds the link used.
    locked = select(Delivery).where(Delivery.id == delivery.id).with_for_update()
    if db.session.scalars(locked.execution_options(populate_existing=True)).one().answered_at is not None:
        raise Conflict("This link was used already. Each works once; sign in to do more.")
    person = Actor(kind="user", id=user.id, label=user.email, role=user.role, ip=by.ip, request_id=by.request_id)
    alert = alert_queries.get_for_change(alert.id)
    alert_actions.acknowledge(alert, by=person, at=at)
    delivery.answered_at, delivery.answered_by = at, user.email
    db.session.flush()
    events.touch(ROOM)
    return alert
