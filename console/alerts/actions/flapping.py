"""Spells of flapping: begun and prolonged by the changes themselves, ended by time."""

from collections.abc import Sequence
from datetime import datetime

from console.alerts.actions import store
from console.alerts.actions.history import announce, line
from console.alerts.models import Alert, FlappingSpell
from console.alerts.queries import noise as reads
from console.alerts.rules import flapping as rules
from console.alerts.rules.flapping import LONGEST, Flapping
from console.alerts.rules.states import Change, Event
from console.infra.actor import SYSTEM, Actor
from console.infra.db import db

BATCH = 200


def may_flap(alert: Alert, *, by: Actor, at: datetime) -> bool:
    """Whether a resolution can be one change too many: what was never opened again lately cannot flap."""
    return by.kind != "user" and alert.reopened_count > 0 and at - alert.opened_at < LONGEST


def look(alert_ids: Sequence[int], *, at: datetime) -> None:
    """These alerts have changed to or fro at this instant, each once, and are locked: see what flaps."""
    # Nearly always nothing was resolved: then nothing is asked, since each failure that comes in passes here.
    if not alert_ids or not (wanted := reads.noise_rules().flapping).enabled:
        return
    changes, going_on = reads.changes(alert_ids, at - wanted.window), reads.spells(alert_ids)
    for alert_id, times in changes.items():
        if alert_id in going_on:
            _prolong(going_on[alert_id], times or [at], wanted, at)
        elif rules.begins(times, at, wanted):
            _begin(alert_id, times, wanted, at)
    db.session.flush()


def settle_due(*, at: datetime) -> int:
    """End the spells that have settled, a batch at a time; returns how many. All, when flapping is not looked for."""
    everything = not reads.noise_rules().flapping.enabled
    due = reads.due_to_settle(at, limit=BATCH, everything=everything)
    for spell in due:
        spell.settled_at = at
        why = f"settled after {spell.changes:,} changes of state" if not everything else "flapping is not looked for"
        _write(spell.alert_id, Event.SETTLED, why, at)
    db.session.flush()
    return len(due)


def _begin(alert_id: int, times: Sequence[datetime], wanted: Flapping, at: datetime) -> None:
    minutes = int(wanted.window.total_seconds() // 60)
    spell = FlappingSpell(
        alert_id=alert_id,
        started_at=at,
        changes=len(times),
        began_with=len(times),
        window_minutes=minutes,
        last_changed_at=at,
        settles_at=rules.settles_at(times, wanted),
    )
    db.session.add(spell)
    _write(alert_id, Event.FLAPPING, rules.words(len(times), minutes), at)


def _prolong(spell: FlappingSpell, times: Sequence[datetime], wanted: Flapping, at: datetime) -> None:
    spell.changes += 1
    spell.last_changed_at, spell.settles_at = at, rules.settles_at(times, wanted)


def _write(alert_id: int, event: Event, why: str, at: datetime) -> None:
    store.add_history([line(alert_id, Change(event, None, None, why), at)])
    announce(alert_id, event, by=SYSTEM)
