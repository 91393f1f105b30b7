"""What people do to an alert. Each verb takes an alert locked by `queries.get_for_change` and flushes."""

from datetime import datetime

from console.alerts.actions import flapping, muting
from console.alerts.actions.history import write
from console.alerts.models import Alert
from console.alerts.rules import storable
from console.alerts.rules.states import MOVES, WOKEN, Change, Event, Senseless, Status, Verb, target
from console.infra.actor import SYSTEM, Actor
from console.infra.errors import Conflict, Fault, Invalid

MAX_NOTE = 10_000


def acknowledge(alert: Alert, *, by: Actor, at: datetime) -> None:
    """Somebody is on it; a person who acknowledges what nobody has takes it. Raises Conflict."""
    _move(alert, Verb.ACKNOWLEDGE, by=by, at=at)
    alert.acknowledged_by, alert.acknowledged_at = by.label, at
    if by.kind == "user" and alert.assignee is None:
        assign(alert, by.label, by=by, at=at)


def unacknowledge(alert: Alert, *, by: Actor, at: datetime) -> None:
    """Nobody is on it after all: open again. Raises Conflict."""
    _move(alert, Verb.UNACKNOWLEDGE, by=by, at=at)


def snooze(alert: Alert, until: datetime, *, by: Actor, at: datetime) -> None:
    """Quiet until an instant, then as before. Raises Invalid for the past, Conflict where it makes no sense."""
    if until <= at:
        raise Invalid("A snooze ends in the future.", errors=[Fault("/until", "This time has passed.")])
    before = alert.state.at(at).status
    _move(alert, Verb.SNOOZE, by=by, at=at, why=f"until {until:%Y-%m-%d %H:%M:%S} UTC")
    alert.before_snooze, alert.snoozed_until = before, until


def unsnooze(alert: Alert, *, by: Actor, at: datetime) -> None:
    """Ends a snooze early: back to the state before it. Raises Conflict."""
    _move(alert, Verb.UNSNOOZE, by=by, at=at)


def resolve(alert: Alert, *, by: Actor, at: datetime, why: str = "") -> None:
    """It is over; the same failure would re-open it. Raises Conflict."""
    _move(alert, Verb.RESOLVE, by=by, at=at, why=why)
    alert.resolved_at = at
    if flapping.may_flap(alert, by=by, at=at):
        flapping.look([alert.id], at=at)


def unresolve(alert: Alert, *, by: Actor, at: datetime) -> None:
    """It was not over: open again, counts as they were. Raises Conflict."""
    _move(alert, Verb.UNRESOLVE, by=by, at=at)
    muting.mark_again(alert, at=at)


def assign(alert: Alert, email: str, *, by: Actor, at: datetime) -> None:
    """Give it to somebody; giving it to who has it changes nothing. The caller knows that the account exists."""
    if alert.assignee == email:
        return
    change = Change(Event.ASSIGNED, alert.assignee, email, "")
    alert.assignee, alert.updated_at = email, at
    write(alert, change, by=by, at=at)


def unassign(alert: Alert, *, by: Actor, at: datetime) -> None:
    """Take it from whoever has it; raises Conflict when nobody has."""
    if alert.assignee is None:
        raise Conflict("Nobody has this alert.")
    change = Change(Event.UNASSIGNED, alert.assignee, None, "")
    alert.assignee, alert.updated_at = None, at
    write(alert, change, by=by, at=at)


def note(alert: Alert, text: str, *, by: Actor, at: datetime) -> None:
    """Write a note, kept in the history for good. Raises Invalid for an empty or endless one."""
    text = storable.text(text).strip()
    if not text or len(text) > MAX_NOTE:
        raise Invalid(f"A note has 1 to {MAX_NOTE:,} characters.", errors=[Fault("/text", f"It has {len(text):,}.")])
    alert.updated_at = at
    write(alert, Change(Event.NOTED, None, None, text), by=by, at=at)


def wake(alert: Alert, *, at: datetime) -> None:
    """Write down that a snooze has run out; nothing when it has not."""
    now = alert.state.at(at)
    if now.status is alert.status:
        return
    change = Change(Event.WOKE, alert.status.word, now.status.word, WOKEN)
    enter(alert, now.status, at=at)
    write(alert, change, by=SYSTEM, at=at)


def enter(alert: Alert, status: Status, *, at: datetime) -> None:
    """Put the row into a state: what belonged to the state it leaves goes."""
    alert.status, alert.updated_at = status, at
    alert.before_snooze = alert.snoozed_until = None
    if status is Status.OPEN:
        alert.acknowledged_by = alert.acknowledged_at = None
    if status <= Status.RESOLVED:
        alert.silence_id = None
    if status is not Status.RESOLVED:
        alert.resolved_at = None


def _move(alert: Alert, verb: Verb, *, by: Actor, at: datetime, why: str = "") -> None:
    wake(alert, at=at)
    before = alert.status
    try:
        after = target(alert.state, verb)
    except Senseless as error:
        raise Conflict(str(error)) from error
    enter(alert, after, at=at)
    write(alert, Change(MOVES[verb].event, before.word, after.word, why), by=by, at=at)
