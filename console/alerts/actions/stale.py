"""Open alerts of which nothing has been heard for long are closed by the console, if somebody has asked for that."""

from datetime import datetime, timedelta

from sqlalchemy import collate, select, tuple_

from console.alerts.actions import triage
from console.alerts.models import Alert
from console.alerts.queries import noise as reads
from console.alerts.rules.noise import SPEAK_FOR_THEMSELVES, NoiseRules
from console.alerts.rules.states import Severity, Status
from console.audit.actions import record
from console.infra.actor import SYSTEM
from console.infra.db import db

BATCH = 200
# Where a walk through the alerts of one severity stands: the last one's `last_seen` and id.
Place = tuple[datetime, int]


def close_stale(severity: Severity, after: Place | None, *, at: datetime) -> tuple[Place | None, int]:
    """Close the next batch of stale alerts of a severity; returns where to go on (None at the end) and how many.

    Only open ones: what somebody has acknowledged or snoozed is theirs. Never what its sender ends itself.
    """
    wanted = reads.noise_rules()
    if wanted.soonest is None:
        return None, 0
    batch = _batch(severity, after, at - timedelta(days=wanted.soonest))
    stale = [alert for alert in batch if _is_stale(alert, wanted, at)]
    closed = [alert for alert in _locked([alert.id for alert in stale]) if _is_stale(alert, wanted, at)]
    for alert in closed:
        triage.resolve(alert, by=SYSTEM, at=at, why=_why(wanted.days_for(alert.service) or 0))
    if closed:
        details = {"alerts": [alert.id for alert in closed], "severity": severity.word}
        record("alerts.closed_stale", by=SYSTEM, object=("alerts", "", f"{len(closed):,} stale"), details=details)
    db.session.flush()
    return ((batch[-1].last_seen, batch[-1].id) if len(batch) == BATCH else None), len(closed)


def _batch(severity: Severity, after: Place | None, before: datetime) -> list[Alert]:
    """The next alerts along the list's own index, the one that was seen longest ago first."""
    rows = select(Alert).where(Alert.status == Status.OPEN, Alert.severity == severity, Alert.last_seen <= before)
    if after is not None:
        rows = rows.where(tuple_(Alert.last_seen, Alert.id) > after)
    return list(db.session.scalars(rows.order_by(Alert.last_seen, Alert.id).limit(BATCH)))


def _is_stale(alert: Alert, wanted: NoiseRules, at: datetime) -> bool:
    days = wanted.days_for(alert.service)
    if days is None or alert.status is not Status.OPEN or alert.source in SPEAK_FOR_THEMSELVES:
        return False
    # When a failure says it occurred long ago, it came with the last change of the row all the same.
    return max(alert.last_seen, alert.updated_at) <= at - timedelta(days=days)


def _locked(ids: list[int]) -> list[Alert]:
    # In the order in which ingest locks, so that neither can hold what the other waits for.
    order = (collate(Alert.service, "C"), collate(Alert.environment, "C"), collate(Alert.fingerprint, "C"))
    rows = select(Alert).where(Alert.id.in_(ids)).order_by(*order).with_for_update(key_share=True)
    return list(db.session.scalars(rows.execution_options(populate_existing=True)))


def _why(days: int) -> str:
    return f"stale: no failure for {'1 day' if days == 1 else f'{days:,} days'}"
