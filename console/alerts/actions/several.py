"""One verb done to several alerts in one transaction."""

from collections.abc import Sequence
from datetime import datetime

from console.alerts import queries
from console.alerts.actions import triage
from console.alerts.models import Alert
from console.alerts.rules.states import MOVES, Verb
from console.infra.actor import Actor
from console.infra.errors import Invalid

PLAIN = {
    Verb.ACKNOWLEDGE: triage.acknowledge,
    Verb.UNACKNOWLEDGE: triage.unacknowledge,
    Verb.UNSNOOZE: triage.unsnooze,
    Verb.RESOLVE: triage.resolve,
    Verb.UNRESOLVE: triage.unresolve,
}


def move_all(ids: Sequence[int], verb: Verb, *, by: Actor, at: datetime, until: datetime | None = None) -> int:
    """Do `verb` to each alert in whose state it makes sense; returns to how many. A snooze needs `until`.

    Alerts are locked in the order given; callers give ascending ids, so that two of them never wait for each other.
    Raises NotFound for an unknown id, and then changes none.
    """
    found = [queries.get_for_change(alert_id) for alert_id in ids]
    able = [alert for alert in found if alert.state.at(at).status in MOVES[verb].sources]
    for alert in able:
        _move(alert, verb, by=by, at=at, until=until)
    return len(able)


def _move(alert: Alert, verb: Verb, *, by: Actor, at: datetime, until: datetime | None) -> None:
    if verb is not Verb.SNOOZE:
        PLAIN[verb](alert, by=by, at=at)
        return
    if until is None:
        raise Invalid("A snooze needs an end.")
    triage.snooze(alert, until, by=by, at=at)
