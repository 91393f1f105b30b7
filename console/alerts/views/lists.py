"""The list of alerts, grouped by state, the worst first."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from flask import Response, request, url_for

from console.accounts import queries as accounts
from console.alerts import forms, queries
from console.alerts.models import Alert
from console.alerts.queries import AlertFilter, Capped
from console.alerts.rules.states import Status
from console.alerts.views.blueprint import bp
from console.alerts.views.ways import ways
from console.infra import clock
from console.infra.actor import Role
from console.infra.errors import Invalid
from console.web import charts, filters, htmx, live
from console.web.auth import current_actor, requires

PAGE = 50
BLOCKS = ("alert_list", "alert_lede")
ORDERS = {
    "open": "worst first, then most recent",
    "acknowledged": "somebody is on it",
    "snoozed": "quiet until their time",
    "resolved": "worst first, then most recent",
}
# Shown without being asked for; the other states are folded under their counts.
SHOWN = (Status.OPEN, Status.ACKNOWLEDGED)


@dataclass(frozen=True, slots=True)
class Group:
    """A state's rows. `older` is the URL of those that follow, or empty."""

    status: Status
    alerts: list[Alert]
    count: Capped
    older: str


@dataclass(frozen=True, slots=True)
class Chip:
    """One filter that is on, and the URL of the list without it."""

    field: str
    value: str
    without: str


@bp.get("/alerts")
@requires(Role.VIEWER)
def index() -> Response:
    """The list; a poll that finds nothing new costs neither a query nor a template."""
    unchanged = live.not_modified("alerts")
    if unchanged is not None:
        return unchanged
    try:
        return _page(listing(request.args))
    except Invalid as error:
        fault = error.errors[0].detail if error.errors else error.detail
        bare = {"q": "", **{k: v for k, v in forms.kept(request.args).items() if k != "q"}}
        context = listing(bare) | {"q": request.args.get("q", ""), "fault": fault}
        return htmx.page("alerts/index.html", BLOCKS, status=422, **context)


def _page(context: dict[str, Any]) -> Response:
    response = htmx.page("alerts/index.html", BLOCKS, **context)
    if "first" in request.args and not context["first_time"]:
        # The very first alert has come: the whole page is another one now.
        response.headers["HX-Refresh"] = "true"
    return response


def listing(args: Mapping[str, Any]) -> dict[str, Any]:
    """Everything the list's template shows; raises Invalid for a search that cannot be read."""
    now, wanted = clock.now(), forms.parse_filter(args)
    counts = queries.counts(replace(wanted, statuses=()), now)
    groups = [_group(status, wanted, args, counts[status]) for status in wanted.statuses or SHOWN]
    shown = [alert for group in groups for alert in group.alerts]
    return {
        "groups": groups,
        "folded": [s for s in (Status.SNOOZED, Status.RESOLVED) if not wanted.statuses and counts[s].number],
        "counts": counts,
        "all_matching": _more_than(len(shown), [counts[group.status] for group in groups]),
        "open": counts[Status.OPEN],
        "oob": htmx.wants_fragment(),
        **reader(),
        "snoozes": forms.SNOOZES,
        "orders": ORDERS,
        "options": options,
        "nobody": _nobody(wanted, counts[Status.OPEN]),
        "waking": queries.next_waking(now),
        "sparks": _sparks(shown),
        "fault": "",
        "first_time": not shown and not forms.kept(args) and not any(c.number for c in counts.values()),
        **ways(),
        **_filters(args),
    }


def reader() -> dict[str, Any]:
    """Who reads, whether they may change anything, and what everybody is called."""
    actor = current_actor()
    names = {user.email: user.label for user in accounts.users()}

    def called(who: str | None) -> str | None:
        return filters.person(names.get(who, who)) if who else None

    return {
        "me": actor.label,
        "may_triage": actor.role is not None and actor.role.includes(Role.RESPONDER),
        "called": called,
    }


def options(values: list[str]) -> list[tuple[str, str]]:
    """Choices of a select, with one that narrows nothing."""
    return [("", "Any"), *((value, value) for value in values)]


def open_count() -> str:
    """The short fact in the menu: "9 open", or nothing."""
    count = queries.open_count(clock.now())
    return f"{count} open" if count.number else ""


def _more_than(shown: int, counts: list[Capped]) -> int:
    """How many match in all, when they are more than those shown and can be counted; else 0."""
    total = sum(count.number for count in counts)
    return total if total > shown and not any(count.more for count in counts) else 0


def _nobody(wanted: AlertFilter, count: Capped) -> Capped:
    """How many of the open ones nobody has; what could not be counted is not tried a second time."""
    if not count.known:
        return Capped(0, more=False)
    return queries.counts(replace(wanted, statuses=(Status.OPEN,), assignees=("none",)), clock.now())[Status.OPEN]


def _group(status: Status, wanted: AlertFilter, args: Mapping[str, Any], count: Capped) -> Group:
    cursor = args.get("cursor") if wanted.statuses == (status,) else None
    page = queries.in_state(status, wanted, clock.now(), limit=PAGE, cursor=cursor)
    older: dict[str, Any] = {**forms.kept(args), "status": status.word, "cursor": page.next_cursor}
    return Group(status, list(page.items), count, url_for("alerts.index", **older) if page.next_cursor else "")


def _sparks(alerts: list[Alert]) -> dict[int, charts.Spark]:
    found = queries.sparklines([alert.id for alert in alerts], clock.now())
    return {key: charts.spark(bars, f"{sum(bars):,} in the last 24 hours") for key, bars in found.items()}


def _filters(args: Mapping[str, Any]) -> dict[str, Any]:
    kept = forms.kept(args)
    on = [(name, value) for name in kept if name != "q" for value in forms.several(kept, name)]
    chips = [Chip(n, "nobody" if v == "none" else v, _without(kept, n, v)) for n, v in on]
    here: dict[str, Any] = {**kept, "cursor": args.get("cursor")}
    return {
        "q": kept.get("q", ""),
        "chips": chips,
        "kept": kept,
        "here": url_for("alerts.index", **here),
        "choices": queries.choices(),
    }


def _without(kept: Mapping[str, Any], name: str, value: str) -> str:
    rest: dict[str, Any] = {**kept, name: [other for other in forms.several(kept, name) if other != value]}
    return url_for("alerts.index", **rest)
