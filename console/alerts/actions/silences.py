"""What people do to silences and maintenance windows: make, change, end. None is ever deleted."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from console.alerts.actions.history import ROOM
from console.alerts.actions.muting import settle
from console.alerts.models import Silence, SilenceKind
from console.alerts.queries import silences as reads
from console.alerts.rules import storable
from console.alerts.rules.silences.matchers import Matcher
from console.alerts.rules.silences.matchers import faults as matcher_faults
from console.alerts.rules.silences.spans import SilenceState
from console.alerts.rules.silences.wanted import Path, Wanted, faults
from console.audit.actions import record
from console.infra import events, regex
from console.infra.actor import Actor
from console.infra.db import db
from console.infra.errors import Conflict, Fault, Invalid

# Each failure that comes in is held against all that hold: this many are asked in well under a millisecond.
MOST = 500
OVER = "It has expired and is history now. Make a new one instead."


def create(kind: SilenceKind, wanted: Wanted, *, by: Actor, at: datetime) -> Silence:
    """Make one; a start in the past, of what does not recur, is now. Raises Invalid, and Conflict over 500."""
    starts_at = _start(wanted, wanted.starts_at or at, at)
    _check(wanted, starts_at, at)
    if reads.live_count(at) >= MOST:
        raise Conflict(f"{MOST} silences and maintenance windows are not over yet. End those that nobody needs first.")
    made = Silence(kind=kind, created_by=by.label, created_at=at)
    _fill(made, wanted, starts_at, at)
    db.session.add(made)
    db.session.flush()
    settle(made, at=at)
    _audit("created", made, by, _facts(made))
    return made


def change(silence: Silence, wanted: Wanted, *, by: Actor, at: datetime) -> None:
    """Make a locked one as it is wanted; an end that has come while it holds ends it now.

    Raises Conflict for one that has expired and for another start of one that holds, Invalid for what cannot be.
    """
    state = silence.span.state(at)
    if state is SilenceState.EXPIRED:
        raise Conflict(OVER)
    starts_at = silence.starts_at if wanted.starts_at is None else wanted.starts_at
    if state is SilenceState.ACTIVE:
        # Sent again as it was made, a start in the past still means when it was made.
        if silence.starts_at not in {starts_at, _start(wanted, starts_at, silence.created_at)}:
            raise Conflict("It holds already: its start cannot move. End it and make another one.")
        starts_at = silence.starts_at
    else:
        starts_at = _start(wanted, starts_at, at)
    _check(wanted, starts_at, at)
    before = _facts(silence)
    if wanted.weekly_in is None and wanted.ends_at <= at:
        wanted, silence.expired_by = replace(wanted, ends_at=at), by.label
    _fill(silence, wanted, starts_at, at)
    changed = {name: value for name, value in _facts(silence).items() if before[name] != value}
    settle(silence, at=at)
    if changed:
        _audit("changed", silence, by, {"from": {name: before[name] for name in changed}, "to": changed})


def expire(silence: Silence, *, by: Actor, at: datetime) -> None:
    """End a locked one now; it stays as history. Raises Conflict when it has expired."""
    if silence.span.state(at) is SilenceState.EXPIRED:
        raise Conflict("It has expired already.")
    silence.over_at, silence.expired_by, silence.updated_at = at, by.label, at
    if silence.weekly_in is not None:
        silence.repeat_until = at
    else:
        silence.starts_at, silence.ends_at = min(silence.starts_at, at), at
    settle(silence, at=at)
    _audit("expired", silence, by, {})


def checked(matchers: Sequence[Matcher]) -> Sequence[Matcher]:
    """The matchers, which are sound; raises Invalid."""
    _refuse([(("matchers", *path), said) for path, said in matcher_faults(matchers, regex.fits, regex.fault)])
    return matchers


def _start(wanted: Wanted, given: datetime, earliest: datetime) -> datetime:
    return max(given, earliest) if wanted.weekly_in is None else given


def _check(wanted: Wanted, starts_at: datetime, at: datetime) -> None:
    _refuse(faults(wanted, starts_at, at, fits=regex.fits, fault_of=regex.fault))


def _refuse(found: Sequence[tuple[Path, str]]) -> None:
    if found:
        errors = [Fault("".join(f"/{part}" for part in path), said) for path, said in found]
        raise Invalid("This cannot be; see errors.", errors=errors)


def _fill(silence: Silence, wanted: Wanted, starts_at: datetime, at: datetime) -> None:
    span = wanted.span(starts_at)
    silence.matchers = [{"field": one.field, "op": one.op.value, "value": one.value} for one in wanted.matchers]
    silence.starts_at, silence.ends_at, silence.over_at = starts_at, wanted.ends_at, span.over_at
    silence.weekly_in, silence.repeat_until = wanted.weekly_in, wanted.repeat_until
    silence.reason, silence.updated_at = storable.text(wanted.reason).strip(), at


def _facts(silence: Silence) -> dict[str, Any]:
    until = silence.repeat_until
    return {
        "matchers": [matcher.words for matcher in silence.asks],
        "starts_at": silence.starts_at.isoformat(),
        "ends_at": silence.ends_at.isoformat(),
        "weekly_in": silence.weekly_in,
        "repeat_until": until.isoformat() if until else None,
        "reason": silence.reason,
    }


def _audit(event: str, silence: Silence, by: Actor, details: dict[str, Any]) -> None:
    db.session.flush()
    events.touch(ROOM)
    kind = "silence" if silence.kind == SilenceKind.SILENCE else "maintenance_window"
    record(f"{kind}.{event}", by=by, object=(kind, str(silence.id), silence.reason[:200]), details=details)
