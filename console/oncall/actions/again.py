"""Trying once more what had been given up."""

from datetime import datetime

from sqlalchemy import select

from console.audit.actions import record
from console.infra import events
from console.infra.actor import Actor
from console.infra.db import db
from console.infra.errors import Conflict, NotFound
from console.oncall.actions.setup import ROOM
from console.oncall.models import Channel, Delivery, DeliveryState


def send_again(delivery_id: int, *, by: Actor, at: datetime) -> Delivery:
    """Queue a failed delivery anew. Raises NotFound, and Conflict for one that has not failed or lost its channel."""
    rows = select(Delivery).where(Delivery.id == delivery_id).with_for_update()
    found = db.session.scalar(rows.execution_options(populate_existing=True)) if delivery_id < 2**63 else None
    if found is None:
        raise NotFound("There is no such delivery; the log keeps 90 days.")
    channel = db.session.get(Channel, found.channel_id) if found.channel_id else None
    if found.state != DeliveryState.FAILED or channel is None:
        raise Conflict("Only a failed delivery whose channel is still there can be sent again.")
    found.state, found.due_at, found.error = DeliveryState.WAITING, at, None
    channel.retry_at = None
    record("delivery.retried", by=by, object=("delivery", str(found.id), f"{found.channel_name} {found.recipient}"))
    db.session.flush()
    events.touch(ROOM)
    return found
