"""What failures that came again do to the states of their alerts, written down and announced."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from console.alerts.actions import flapping, store
from console.alerts.actions.history import announce_all, line
from console.alerts.actions.store import Found
from console.alerts.rules.states import WOKEN, Change, Event, Severity, State, Status, recur
from console.infra.actor import SYSTEM

FIRST = Change(Event.OPENED, None, Status.OPEN.word, "first failure of this kind")


def recurrences(found: Sequence[tuple[Found, Sequence[Severity]]], *, at: datetime) -> None:
    """Apply the rules to alerts as they were and the severities of the failures that came, in order."""
    history: list[tuple[int, Change]] = []
    states: list[dict[str, Any]] = []
    for row, severities in found:
        before = _state(row)
        if before.status is Status.MERGED:
            states += _worse(row, before, max(severities), at)
            continue
        changes = [FIRST] if row.created else []
        state = before.at(at)
        if state.status is not before.status:
            changes.append(Change(Event.WOKE, before.status.word, state.status.word, WOKEN))
        state = _fold(state, severities, changes)
        if state != before:
            states.append(_changed(row, before, state, len(severities), at))
        history += [(row.id, change) for change in changes]
    store.change_states(states)
    _restart(found, states)
    store.add_history([line(alert_id, change, at) for alert_id, change in history])
    announce_all([(alert_id, change.event) for alert_id, change in history], by=SYSTEM)
    again = [(row.id, row.status) for row, _ in found if not row.created]
    flapping.look([alert_id for alert_id, status in again if status == Status.RESOLVED], at=at)


def _worse(row: Found, before: State, severity: Severity, at: datetime) -> list[dict[str, Any]]:
    """What is merged keeps its own severity, for the day it stands on its own again; its state is its target's."""
    after = State(Status.MERGED, severity)
    return [_changed(row, before, after, 0, at)] if severity > before.severity else []


def _restart(found: Sequence[tuple[Found, Sequence[Severity]]], states: Sequence[dict[str, Any]]) -> None:
    reopened = [state["id"] for state in states if state["reopened_count"]]
    if reopened:
        merged = [(row, severities) for row, severities in found if row.status == Status.MERGED]
        store.restart_merges(reopened, [{"id": row.id, "count": len(severities)} for row, severities in merged])


def _state(row: Found) -> State:
    before = None if row.before_snooze is None else Status(row.before_snooze)
    until = None if row.snoozed_until is None else datetime.fromisoformat(row.snoozed_until)
    return State(Status(row.status), Severity(row.severity), before, until)


def _fold(state: State, severities: Sequence[Severity], changes: list[Change]) -> State:
    # Only the first failure and those worse than all before can change anything.
    for index, severity in enumerate(severities):
        if index == 0 or severity > state.severity:
            state, more = recur(state, severity)
            changes += more
    return state


def _changed(row: Found, before: State, after: State, count: int, at: datetime) -> dict[str, Any]:
    reopened = before.status is Status.RESOLVED
    return {
        "id": row.id,
        "status": int(after.status),
        "severity": int(after.severity),
        "before_snooze": None if after.before_snooze is None else int(after.before_snooze),
        "snoozed_until": after.snoozed_until,
        "opened_at": at if reopened else None,
        "count_since_open": count if reopened else None,
        "reopened_count": int(reopened),
    }
