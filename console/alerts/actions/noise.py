"""What people set about noise, and the times in which a service sent more than its limit."""

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from console.alerts import queries
from console.alerts.actions import triage
from console.alerts.actions.history import ROOM
from console.alerts.actions.system import SERVICE, report_system_alert
from console.alerts.models import NoiseSettings, SourceDrop, SourceLimit
from console.alerts.queries import noise as reads
from console.alerts.queries import sources
from console.alerts.rules.noise import NoiseRules
from console.alerts.rules.states import Severity
from console.audit.actions import record
from console.infra import events
from console.infra.actor import SYSTEM, Actor
from console.infra.db import db

TASK: Final = "alerts.source_limit"
# Processes that take failures in read their limits again when this room's version rises.
LIMITS: Final = "source-limits"
# So long without a dropped failure, and the dropping is over.
QUIET: Final = timedelta(minutes=5)


def put_noise_rules(wanted: NoiseRules, *, by: Actor, at: datetime) -> None:
    """Set what holds from now on; what flaps by other rules settles by these."""
    found, before = reads.noise_settings(), reads.noise_rules().values
    if found is None:
        found = NoiseSettings(id=1)
        db.session.add(found)
    found.values, found.updated_at, found.updated_by = wanted.values, at, by.label
    changed = {key: value for key, value in wanted.values.items() if before[key] != value}
    record("noise_settings.changed", by=by, object=("noise_settings", 1, "noise"), details=changed)
    _done()


def reset_noise_rules(*, by: Actor) -> None:
    """Go back to the defaults."""
    found = reads.noise_settings()
    if found is not None:
        db.session.delete(found)
        record("noise_settings.reset", by=by, object=("noise_settings", 1, "noise"), details=found.values)
    _done()


def put_limit(service: str, failures_per_minute: int, *, by: Actor, at: datetime) -> SourceLimit:
    """Give a service a limit of its own, or another one."""
    found = db.session.get(SourceLimit, service)
    before = found.failures_per_minute if found else None
    if found is None:
        found = SourceLimit(service=service)
        db.session.add(found)
    found.failures_per_minute, found.updated_at, found.updated_by = failures_per_minute, at, by.label
    details = {"failures_per_minute": failures_per_minute, "before": before}
    record(
        "source_limit.changed" if before else "source_limit.created", by=by, object=_object(service), details=details
    )
    _done()
    return found


def delete_limit(limit: SourceLimit, *, by: Actor) -> None:
    """The console's number holds for the service again."""
    details = {"failures_per_minute": limit.failures_per_minute}
    record("source_limit.deleted", by=by, object=_object(limit.service), details=details)
    db.session.delete(limit)
    _done()


def note_drops(dropped: Mapping[str, int], *, at: datetime) -> None:
    """Add what was dropped to the time of dropping it belongs to, each with one alert, and end those that are over."""
    own, usual = sources.limits(), reads.noise_rules().failures_per_minute
    going_on = {found.service: found for found in sources.dropping_for_change(list(dropped), at - QUIET)}
    for service, number in dropped.items():
        limit = own.get(service, usual)
        if (found := going_on.pop(service, None)) is None:
            _begin(service, number, limit, at)
        else:
            found.dropped, found.last_at, found.failures_per_minute = found.dropped + number, at, limit
    for found in going_on.values():
        _end(found, at)
    if dropped or going_on:
        db.session.flush()
        events.touch(ROOM)


def _begin(service: str, number: int, limit: int, at: datetime) -> None:
    db.session.add(SourceDrop(service=service, began_at=at, last_at=at, dropped=number, failures_per_minute=limit))
    # Ingest forgets what the session holds: it must be written before.
    db.session.flush()
    report_system_alert(
        f"{service} sends more than its limit of {limit:,} failures a minute; what is over is dropped and counted",
        task=TASK,
        at=at,
        severity=Severity.WARNING,
        fingerprint=_fingerprint(service),
        tags={"service": service},
    )


def _end(found: SourceDrop, at: datetime) -> None:
    found.ended_at = found.last_at
    for alert_id in sources.unresolved(SERVICE, _fingerprint(found.service)):
        alert = queries.get_for_change(alert_id)
        why = f"{found.service} is within its limit again; {found.dropped:,} failures were dropped"
        triage.resolve(alert, by=SYSTEM, at=at, why=why)


def _fingerprint(service: str) -> str:
    # Names may be as long as a fingerprint may be.
    return f"source-limit-{hashlib.sha256(service.encode()).hexdigest()[:16]}"


def _object(service: str) -> tuple[str, object, str]:
    return ("source_limit", service, service)


def _done() -> None:
    db.session.flush()
    events.touch(ROOM, LIMITS)
