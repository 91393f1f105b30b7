"""Who has an alert: give it to somebody, take it, give it back."""

from typing import Any

from flask import Response, request, url_for

from console.accounts import queries as accounts
from console.accounts.models import User
from console.alerts import actions, queries
from console.alerts.views.blueprint import bp
from console.alerts.views.one import view
from console.alerts.views.triage import reply
from console.infra import clock
from console.infra.actor import Role
from console.infra.errors import Fault, Invalid
from console.web import filters, htmx
from console.web.auth import current_actor, requires


@bp.get("/alerts/<int:alert_id>/assignment")
@requires(Role.RESPONDER)
def ask_assignment(alert_id: int) -> Response:
    """Ask who shall have it."""
    alert = queries.get(alert_id)
    return htmx.page(
        "alerts/assign.html", "question", alert=alert, people=people(), view=view(), me=current_actor().label
    )


@bp.post("/alerts/<int:alert_id>/assignment")
@requires(Role.RESPONDER)
def assign(alert_id: int) -> Response:
    """Give it to the person of that address."""
    alert, by = queries.get_for_change(alert_id), current_actor()
    chosen = person(request.form.get("user", ""))
    actions.assign(alert, chosen.email, by=by, at=clock.now())
    whose = "yours" if chosen.email == by.label else f"{filters.person(chosen.label)}'s"
    return reply(alert, f"#{alert_id} is {whose}.", url_for("alerts.unassign", alert_id=alert_id))


@bp.post("/alerts/<int:alert_id>/assignment/delete")
@requires(Role.RESPONDER)
def unassign(alert_id: int) -> Response:
    """Nobody has it any more."""
    alert = queries.get_for_change(alert_id)
    actions.unassign(alert, by=current_actor(), at=clock.now())
    return reply(alert, f"Nobody has #{alert_id} now.")


def people() -> list[Any]:
    """Those who can act on an alert."""
    able = [user for user in accounts.users() if user.disabled_at is None and user.role.includes(Role.RESPONDER)]
    return [(user.email, user.label if user.label == user.email else f"{user.label}, {user.email}") for user in able]


def person(email: str) -> User:
    """Somebody who can have an alert; raises Invalid."""
    found = accounts.find_user(email) if email else None
    if found is None or found.disabled_at is not None:
        raise Invalid("Choose somebody with an account.", errors=[Fault("/user", f"Nobody here has “{email[:200]}”.")])
    return found
