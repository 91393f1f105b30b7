"""The page of the list, and the list as open pages ask for it: rendered once for all who look at the same."""

from dataclasses import dataclass
from typing import Any

from flask import Response, g, request

from console.alerts import forms
from console.alerts.queries import Capped
from console.alerts.views import lists
from console.alerts.views.blueprint import bp
from console.infra.actor import Role
from console.infra.errors import Invalid
from console.web import filters, htmx, live
from console.web.auth import current_actor, requires


@dataclass(frozen=True, slots=True)
class Rendering:
    """The list's blocks; who has an alert that they show; and how many are open, where the list counts that."""

    html: str
    owners: frozenset[str]
    open: Capped | None
    first_time: bool


@bp.get("/alerts")
@requires(Role.VIEWER)
def index() -> Response:
    """The list; a poll that finds nothing new costs neither a query nor a template."""
    unchanged = live.not_modified(*lists.ROOMS)
    if unchanged is not None:
        return unchanged
    try:
        return _polled() or _page(lists.listing(request.args))
    except Invalid as error:
        fault = error.errors[0].detail if error.errors else error.detail
        bare = {"q": "", **{k: v for k, v in forms.kept(request.args).items() if k != "q"}}
        context = lists.listing(bare) | {"q": request.args.get("q", ""), "fault": fault, "first_time": False}
        return htmx.page("alerts/index.html", lists.BLOCKS, status=422, **context)


def _page(context: dict[str, Any]) -> Response:
    response = htmx.page("alerts/index.html", lists.BLOCKS, **context)
    if "first" in request.args and not context["first_time"]:
        # The very first alert has come: the whole page is another one now.
        response.headers["HX-Refresh"] = "true"
    return response


def _polled() -> Response | None:
    """The answer to a poll; None where there is none to share. Raises Invalid for a search that cannot be read.

    Most readers have none of the alerts shown, and share one rendering: "You" stands only in one's own.
    """
    if not live.is_poll() or "first" in request.args:
        return None
    me = current_actor().label
    rendering, unchanged = _shared("")
    if me in rendering.owners:
        rendering, unchanged = _shared(me)
    if rendering.first_time:
        return None
    if unchanged is not None:
        return unchanged
    g.open_alerts = rendering.open
    return htmx.fragment(rendering.html)


def _shared(me: str) -> tuple[Rendering, Response | None]:
    """For those of the same role and zone who ask for the same; `me` is empty or the only reader's address."""
    triage = lists.may_triage()
    key = (request.query_string, triage, str(filters.zone()), me)
    return live.shared(lists.ROOMS, key, lambda: _render(me, triage=triage))


def _render(me: str, *, triage: bool) -> Rendering:
    shown = lists.shown(request.args)
    context: dict[str, Any] = {**shown, "me": me, "may_triage": triage, "called": lists.naming()}
    owners = frozenset(alert.assignee for group in shown["groups"] for alert in group.alerts if alert.assignee)
    html = "" if shown["first_time"] else htmx.rendered("alerts/index.html", lists.BLOCKS, context)
    return Rendering(html, owners, g.get("open_alerts"), shown["first_time"])
