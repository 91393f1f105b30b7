"""Alerts of heartbeats: told when a deadline has passed, resolved when what was missing has come."""

from collections.abc import Collection
from datetime import datetime

from console.alerts.actions import merging
from console.alerts.actions.ingest import ingest
from console.alerts.models import Heartbeat
from console.alerts.queries import heartbeats as reads
from console.alerts.rules.heartbeats import beats, report
from console.alerts.rules.heartbeats.beats import BROKEN, State
from console.infra import events
from console.infra.actor import SYSTEM
from console.infra.db import db

ROOM = "heartbeats"
BATCH = 200


def sweep(*, at: datetime) -> int:
    """Raise an alert for each heartbeat whose deadline has passed, a batch at a time; returns how many."""
    due = reads.due_heartbeats(at, limit=BATCH)
    note_misses(due, at=at)
    return len(due)


def note_misses(due: Collection[Heartbeat], *, at: datetime) -> None:
    """Tell the misses of locked heartbeats, each once and dated at its deadline."""
    told = [report.missed(about(h), h.pulse, h.rhythm, noticed_at=at) for h in due]
    for heartbeat in due:
        heartbeat.pulse = beats.miss(heartbeat.pulse)
    if told:
        # Ingest forgets what the session holds: it must be written before.
        db.session.flush()
        ingest(told, at=at)
        events.touch(ROOM)


def resolve_all(heartbeat: Heartbeat, *, at: datetime, why: str, of: Collection[State] = BROKEN) -> None:
    """Resolve what the heartbeat has raised and nobody has resolved yet."""
    prints = {report.fingerprint(heartbeat.uuid, state) for state in of}
    for alert in reads.raised_by(heartbeat):
        if alert.fingerprint in prints:
            merging.end(alert, by=SYSTEM, at=at, why=why)


def about(heartbeat: Heartbeat) -> report.About:
    """What its failures say of it."""
    return report.About(
        uuid=heartbeat.uuid,
        name=heartbeat.name,
        slug=heartbeat.slug,
        service=heartbeat.service,
        environment=heartbeat.environment,
        severity=heartbeat.severity,
        tags=heartbeat.tags,
        runbook_url=heartbeat.runbook_url,
        zone=heartbeat.timezone,
    )
