"""The page of one alert: what happened, since when, how often, who has it, what to do next."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as Redirect

from console.alerts import forms, queries
from console.alerts.models import Alert
from console.alerts.queries import merges, noise, silences
from console.alerts.queries.failures import SAMPLE
from console.alerts.queries.related import Release, related, releases
from console.alerts.queries.steps import place
from console.alerts.rules.states import Status
from console.alerts.views.blueprint import bp
from console.alerts.views.lists import reader
from console.alerts.views.story import failing, occurring
from console.infra import clock, events
from console.infra.actor import Role
from console.infra.errors import Invalid
from console.infra.scrub import REMOVED
from console.web import htmx, live
from console.web.auth import requires

BLOCKS = ("alert_page",)
# What the page shows of the history; the rest has a page of its own.
HISTORY = 20
# Sources whose jobs we can run again; others say themselves what failed and keep their jobs.
RETRIED = frozenset({"rq"})
# A release that is older than this when an alert begins is not the news.
FRESH = timedelta(hours=1)
KEPT = ("window", "occurrence", "merged", "among")


@bp.get("/alerts/<int:alert_id>")
@requires(Role.VIEWER)
def show(alert_id: int) -> Response | Redirect:
    """The page; a poll that finds nothing new costs neither a query nor a template."""
    unchanged = live.not_modified("alerts", "oncall")
    if unchanged is not None:
        return unchanged
    alert = queries.get(alert_id)
    if alert.status is Status.MERGED:
        return _led(alert)
    return htmx.page("alerts/show.html", BLOCKS, **showing(alert))


def _led(alert: Alert) -> Response | Redirect:
    """To the alert that stands for it, whose page says so."""
    row = merges.find(alert.id)
    to = url_for("alerts.show", alert_id=row.target_id if row else alert.id, **(trail() | {"merged": alert.id}))
    if not htmx.wants_fragment():
        return redirect(to, 303)
    # A page that is open while it is merged: the whole page is another one now.
    response = Response(status=200)
    response.headers["HX-Redirect"] = to
    return response


def showing(alert: Alert) -> dict[str, Any]:
    """Everything the page of one alert shows."""
    now = clock.now()
    status, began, within = alert.state.at(now).status, since(alert), merges.shown(alert.id)
    family = merges.members(alert.id, within)
    named, facts = releases(alert, family), queries.facts(alert, family)
    own = merges.own_span(alert)[0] if within else alert.first_seen
    return {
        "alert": alert,
        "view": view(),
        "stands": status.word,
        "mute": silences.muted_by(alert, now),
        "facts": facts,
        "flapping": noise.spells([alert.id]).get(alert.id),
        "jobs": facts.jobs if status is not Status.RESOLVED else 0,
        "some_jobs": alert.count_since_open > SAMPLE,
        "may_retry": alert.source in RETRIED,
        "since": began,
        "rate": rate(alert),
        "history": queries.history(alert.id, limit=HISTORY),
        "first_failed": own,
        "removed": REMOVED,
        "telling": next(iter(events.alert_told.announce(alert.id)), None),
        "within": within,
        **_around(alert, family, began if alert.reopened_count else own, named),
        **_step(alert, status, now),
        **reader(),
        **occurring(alert, now, named),
        **failing(alert, family, facts),
    }


def view() -> dict[str, Any]:
    """What links and forms of the page carry on: what is shown of it, and the list that the reader came from."""
    return trail() | {name: request.args[name] for name in KEPT if request.args.get(name)}


def trail() -> dict[str, Any]:
    """The list that the reader came from."""
    among = {"among": request.args["among"]} if request.args.get("among") else {}
    return forms.kept(request.args) | among


def _around(alert: Alert, family: Sequence[int], began: datetime, named: Sequence[Release]) -> dict[str, Any]:
    """What began with it: other alerts, and the release before it if that was its news."""
    earliest, latest = began - FRESH, began - timedelta(minutes=1)
    before = next((release for release in named if earliest <= release.first_at <= latest), None)
    return {"related": related(alert, began, family), "release": before}


def _step(alert: Alert, status: Status, now: datetime) -> dict[str, Any]:
    """Its place in the list that the reader came from, and its neighbours there."""
    group = forms.group(request.args.get("among", "")) or status
    try:
        found = place(alert, group, forms.parse_filter(request.args), now)
    except Invalid:
        return {"place": None, "list_url": url_for("alerts.index")}
    steps = {
        name: url_for("alerts.show", alert_id=to, **(trail() | {"among": group.word})) if to else ""
        for name, to in (("before", found.before), ("after", found.after))
    }
    return {"place": found, "steps": steps, "list_url": url_for("alerts.index", **forms.kept(request.args))}


def since(alert: Alert) -> datetime:
    """When what stands now began: an alert is told of its first failure after it, never before."""
    return alert.opened_at if alert.reopened_count else alert.first_seen


def rate(alert: Alert) -> str:
    """How fast it comes, in words, or nothing for a single failure."""
    span = alert.last_seen - since(alert)
    if alert.count_since_open < 3 or span < timedelta(minutes=1):  # noqa: PLR2004
        return ""
    for unit, size in (("minute", 60), ("hour", 3600), ("day", 86400)):
        each = alert.count_since_open / (span.total_seconds() / size)
        if each >= 1:
            return f"about {each:,.0f} a {unit}"
    return "less than one a day"
