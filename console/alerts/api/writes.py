"""What programs do to an alert: a noun for each verb, POST to do it and DELETE to take it back."""

from collections.abc import Callable
from datetime import datetime

from flask import Response
from pydantic import BaseModel

from console.accounts.queries import find_user
from console.alerts import actions, queries
from console.alerts.api.blueprint import bp, reply
from console.alerts.api.schemas import AlertOut, AssignmentIn, HistoryOut, NoteIn, SnoozeIn
from console.alerts.models import Alert
from console.infra import clock
from console.infra.actor import Actor, Scope
from console.infra.db import db
from console.infra.errors import Fault, Invalid
from console.web.auth import current_actor, requires_scope
from console.web.inputs import body
from console.web.openapi import describe

CONFLICT = {409: "It makes no sense in the state that the alert is in"}


class RetryIn(BaseModel):
    """A dry run only counts the jobs."""

    dry_run: bool = False


class RetryOut(BaseModel):
    """How many jobs run (or would run) again, and which cannot."""

    jobs: int
    dry_run: bool
    refused: list[tuple[str, str]]


@bp.post("/alerts/<int:alert_id>/acknowledgement")
@requires_scope(Scope.WRITE)
@describe("Acknowledge: somebody is on it", reply=AlertOut, problems=CONFLICT)
def acknowledge(alert_id: int) -> Response:
    """Open or snoozed becomes acknowledged."""
    return _done(alert_id, actions.acknowledge)


@bp.delete("/alerts/<int:alert_id>/acknowledgement")
@requires_scope(Scope.WRITE)
@describe("Unacknowledge: open again", reply=AlertOut, problems=CONFLICT)
def unacknowledge(alert_id: int) -> Response:
    """Acknowledged becomes open."""
    return _done(alert_id, actions.unacknowledge)


@bp.post("/alerts/<int:alert_id>/snooze")
@requires_scope(Scope.WRITE)
@describe("Snooze until a time", body=SnoozeIn, reply=AlertOut, problems=CONFLICT)
def snooze(alert_id: int) -> Response:
    """Open or acknowledged becomes snoozed, and returns by itself."""
    until = body(SnoozeIn).until

    def verb(alert: Alert, *, by: Actor, at: datetime) -> None:
        actions.snooze(alert, until, by=by, at=at)

    return _done(alert_id, verb)


@bp.delete("/alerts/<int:alert_id>/snooze")
@requires_scope(Scope.WRITE)
@describe("End a snooze: back to the state before it", reply=AlertOut, problems=CONFLICT)
def unsnooze(alert_id: int) -> Response:
    """Snoozed becomes what it was."""
    return _done(alert_id, actions.unsnooze)


@bp.post("/alerts/<int:alert_id>/resolution")
@requires_scope(Scope.WRITE)
@describe("Resolve: it is over", reply=AlertOut, problems=CONFLICT)
def resolve(alert_id: int) -> Response:
    """Any other state becomes resolved."""
    return _done(alert_id, actions.resolve)


@bp.delete("/alerts/<int:alert_id>/resolution")
@requires_scope(Scope.WRITE)
@describe("Take a resolution back: open again", reply=AlertOut, problems=CONFLICT)
def unresolve(alert_id: int) -> Response:
    """Resolved becomes open."""
    return _done(alert_id, actions.unresolve)


@bp.post("/alerts/<int:alert_id>/assignment")
@requires_scope(Scope.WRITE)
@describe("Assign to a user", body=AssignmentIn, reply=AlertOut)
def assign(alert_id: int) -> Response:
    """Give it to a user of the console."""
    asked = body(AssignmentIn).user

    def verb(alert: Alert, *, by: Actor, at: datetime) -> None:
        actions.assign(alert, known(asked), by=by, at=at)

    return _done(alert_id, verb)


@bp.delete("/alerts/<int:alert_id>/assignment")
@requires_scope(Scope.WRITE)
@describe("Take it from whoever has it", reply=AlertOut, problems={409: "Nobody has it"})
def unassign(alert_id: int) -> Response:
    """Nobody has it any more."""
    return _done(alert_id, actions.unassign)


@bp.post("/alerts/<int:alert_id>/notes")
@requires_scope(Scope.WRITE)
@describe("Write a note into the history", body=NoteIn, reply=HistoryOut, status=201)
def note(alert_id: int) -> Response:
    """Keep a note for good."""
    alert, text = queries.get_for_change(alert_id), body(NoteIn).text
    actions.note(alert, text, by=current_actor(), at=clock.now())
    db.session.flush()
    return reply(HistoryOut.of(queries.history(alert.id, limit=1).items[0]), 201)


@bp.post("/alerts/<int:alert_id>/retry")
@requires_scope(Scope.WRITE)
@describe("Run the jobs that failed for good again", body=RetryIn, reply=RetryOut)
def retry(alert_id: int) -> Response:
    """How many jobs; a dry run changes nothing."""
    alert, asked = queries.get_for_change(alert_id), body(RetryIn, optional=True)
    answer = actions.retry(alert, dry_run=asked.dry_run, by=current_actor(), at=clock.now())
    return reply(RetryOut(jobs=answer.jobs, dry_run=asked.dry_run, refused=list(answer.refused)))


def known(email: str, at: str = "/user") -> str:
    """The address as the account spells it; raises Invalid when nobody has it or the account is closed."""
    user = find_user(email)
    if user is None or user.disabled_at is not None:
        raise Invalid("There is no such user.", errors=[Fault(at, "Nobody signs in with this address.")])
    return user.email


def _done(alert_id: int, verb: Callable[..., None]) -> Response:
    alert, now = queries.get_for_change(alert_id), clock.now()
    verb(alert, by=current_actor(), at=now)
    return reply(AlertOut.of(alert, now))
