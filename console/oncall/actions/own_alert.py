"""A channel that fails is an alert of its own, which ends when the channel works again."""

from datetime import datetime
from typing import Final

from sqlalchemy import select

from console.alerts import actions as alert_actions
from console.alerts import queries as alert_queries
from console.alerts.models import Alert
from console.alerts.rules.states import Severity, Status
from console.infra.actor import Actor
from console.infra.db import db
from console.oncall.models import Channel

SERVICE: Final = "console"
TASK: Final = "oncall.channel"


def raise_(channel: Channel, *, at: datetime) -> None:
    """Report the failing of a channel; other channels tell of it."""
    alert_actions.report_system_alert(
        f"Channel {channel.name} does not deliver: {channel.last_error}",
        task=TASK,
        at=at,
        severity=Severity.CRITICAL,
        fingerprint=_fingerprint(channel),
        tags={"channel": channel.name},
    )


def resolve(channel: Channel, *, by: Actor, at: datetime) -> None:
    """End that alert, if there is one that has not ended."""
    rows = select(Alert.id).where(
        Alert.service == SERVICE, Alert.fingerprint == _fingerprint(channel), Alert.status > Status.RESOLVED
    )
    for alert_id in db.session.scalars(rows):
        alert = alert_queries.get_for_change(alert_id)
        alert_actions.resolve(alert, by=by, at=at, why=f"channel {channel.name} delivers again")


def _fingerprint(channel: Channel) -> str:
    return f"oncall-channel-{channel.id}"
