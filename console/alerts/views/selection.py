"""What is done to the ticked rows of the list, all in one transaction."""

from flask import Response, request, url_for

from console.alerts import actions, forms
from console.alerts.rules.states import Verb
from console.alerts.views.blueprint import bp
from console.alerts.views.lists import BLOCKS, listing
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
    ids, verb, now = forms.parse_selection(request.form), _verb(), clock.now()
    until = forms.parse_snooze(request.form, now, filters.zone()) if verb is Verb.SNOOZE else None
    changed = actions.move_all(ids, verb, by=current_actor(), at=now, until=until)
    said = f"{filters.plural(changed, 'alert')} {DONE[verb]}."
    if len(ids) > changed:
        said += f" {len(ids) - changed} left as they were: it makes no sense in their state."
    kept = forms.kept(request.args)
    return htmx.done("alerts/index.html", BLOCKS, to=url_for("alerts.index", **kept), said=said, **listing(kept))


def _verb() -> Verb:
    word = "snooze" if request.form.get("for") else request.form.get("action", "")
    if word not in DONE:
        raise Invalid("Choose what to do.", errors=[Fault("/action", f"“{word}” is none of {', '.join(DONE)}.")])
    return Verb(word)
