"""What is done to the ticked rows of the list, all in one transaction."""

from datetime import datetime

from flask import Response, request, url_for

from console.alerts import actions, forms
from console.alerts.rules.states import Verb
from console.alerts.views.blueprint import bp
from console.alerts.views.lists import BLOCKS, SHOWN, listing
from console.infra import clock
from console.infra.actor import Role
from console.infra.errors import Fault, Invalid
from console.web import filters, htmx
from console.web.auth import current_actor, requires

DONE = {
    Verb.ACKNOWLEDGE: "acknowledged",
    Verb.UNACKNOWLEDGE: "open again",
    Verb.SNOOZE: "snoozed",
    Verb.UNSNOOZE: "awake again",
    Verb.RESOLVE: "resolved",
}


@bp.post("/alerts/selection")
@requires(Role.RESPONDER)
def selection() -> Response:
    """Do one verb to every ticked alert for which it makes sense, and say how many those were."""
    verb, now = _verb(), clock.now()
    until = forms.parse_snooze(request.form, now, filters.zone()) if verb is Verb.SNOOZE else None
    expect = request.form.get("all", "")
    asked, changed = _all(int(expect), verb, until, now) if expect.isdecimal() else _ticked(verb, until, now)
    said = f"{filters.plural(changed, 'alert')} {DONE[verb]}."
    if asked > changed:
        said += f" {asked - changed} left as they were: it makes no sense in their state."
    kept = forms.kept(request.args)
    return htmx.done("alerts/index.html", BLOCKS, to=url_for("alerts.index", **kept), said=said, **listing(kept))


def _ticked(verb: Verb, until: datetime | None, now: datetime) -> tuple[int, int]:
    """How many were ticked, and how many of them changed."""
    ids = forms.parse_selection(request.form)
    return len(ids), actions.move_all(ids, verb, by=current_actor(), at=now, until=until)


def _all(expect: int, verb: Verb, until: datetime | None, now: datetime) -> tuple[int, int]:
    """The same for all that match the list's filter; raises Conflict when their number has moved."""
    wanted = forms.parse_filter(request.args)
    order = actions.Order(verb.value, until=until)
    done = actions.bulk(wanted.only(*(wanted.statuses or SHOWN)), order, expect=expect, by=current_actor(), at=now)
    return done.matched, done.changed


def _verb() -> Verb:
    word = "snooze" if request.form.get("for") else request.form.get("action", "")
    if word not in DONE:
        raise Invalid("Choose what to do.", errors=[Fault("/action", f"“{word}” is none of {', '.join(DONE)}.")])
    return Verb(word)
