"""What waits to be sent and need not be sent any more, or not now."""

from datetime import datetime
from typing import Final

from sqlalchemy import exists, select, update

from console.alerts.queries import silences
from console.infra.db import db
from console.oncall import queries
from console.oncall.models import WITHHELD, Channel, Delivery, DeliveryState, News, Notice, Purpose

OPEN: Final = Notice.ended_at.is_(None)


def skip_what_is_over(channel: Channel) -> None:
    """Reminders of what somebody has by now, and anything for a channel that was switched off."""
    waiting = Delivery.state == DeliveryState.WAITING
    waits = (Delivery.channel_id == channel.id, waiting, Delivery.purpose == Purpose.ALERT)
    if not channel.enabled:
        gone = {"state": DeliveryState.SKIPPED, "error": "The channel was switched off before this was sent."}
        db.session.execute(update(Delivery).where(*waits).values(gone))
        return
    # That it flaps or has settled is worth hearing wherever it stands.
    reminds = (Delivery.step > 0, Delivery.news.is_(None))
    same = (Notice.alert_id == Delivery.alert_id, Notice.opening == Delivery.opening)
    over = {"state": DeliveryState.SKIPPED, "error": "Somebody had the alert before this reminder was sent."}
    db.session.execute(update(Delivery).where(*waits, *reminds, ~exists().where(*same, OPEN)).values(over))


def skip_what_is_silenced(channel: Channel, at: datetime) -> None:
    """What waited for its channel while a silence began: not told now, and looked at anew by who makes the steps."""
    mutes = silences.muting(at)
    if not mutes:
        return
    waits = (Delivery.channel_id == channel.id, Delivery.state == DeliveryState.WAITING)
    rows = select(Delivery).where(*waits, Delivery.purpose == Purpose.ALERT).order_by(Delivery.id).with_for_update()
    waiting = db.session.scalars(rows).all()
    alerts = queries.alerts_of([delivery.alert_id for delivery in waiting if delivery.alert_id])
    for delivery in waiting:
        alert = alerts.get(delivery.alert_id or 0)
        mute = silences.mute_of(silences.facts_of(alert), mutes) if alert is not None else None
        if alert is not None and mute is not None:
            delivery.state, delivery.error = DeliveryState.SKIPPED, f"Silence {mute.id} began before this was sent."
            # Not the notice itself: who makes the steps locks notices before channels.
            db.session.add(News(alert_id=alert.id, event=WITHHELD))
    db.session.flush()
