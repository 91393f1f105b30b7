"""The list of alerts, grouped by state, the worst first."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from flask import g, url_for
from markupsafe import Markup

from console.accounts import queries as accounts
from console.alerts import forms, queries
from console.alerts.models import Alert
from console.alerts.queries import AlertFilter, Capped, Reading, Sort, noise, sources
from console.alerts.rules.states import Status
from console.alerts.views import saved
from console.alerts.views.ways import ways
from console.infra import clock
from console.infra.actor import Role
from console.web import charts, filters, htmx, live
from console.web.auth import current_actor

ROOMS = ("alerts",)
PAGE = 50
# Of the two states that are shown one above the other, fifty rows together.
TOGETHER = {Status.OPEN: 35, Status.ACKNOWLEDGED: 15}
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


# The list as it is opened: all that is not silenced.
EVERYTHING = AlertFilter(silenced=False)


def listing(args: Mapping[str, Any]) -> dict[str, Any]:
    """Everything the list's template shows; raises Invalid for a search that cannot be read."""
    return {**shown(args), **reader(), **ways(), **_frame(args)}


def shown(args: Mapping[str, Any]) -> dict[str, Any]:
    """What its blocks show, whoever reads; raises Invalid for a search that cannot be read."""
    now, wanted = clock.now(), forms.parse_filter(args)
    beside = queries.beside(now)
    reading = Reading(wanted.only(), now).knowing(waking=beside.waking)
    tally = _tally(wanted, reading)
    counts = tally.states
    groups = [_group(status, reading, args, counts[status]) for status in wanted.statuses or SHOWN]
    alerts = [alert for group in groups for alert in group.alerts]
    return {
        "groups": groups,
        "folded": [s for s in (Status.SNOOZED, Status.RESOLVED) if not wanted.statuses and counts[s].number],
        "counts": counts,
        "all_matching": _more_than(len(alerts), [counts[group.status] for group in groups]),
        "changing": queries.under_way() if beside.changing else [],
        "open": counts[Status.OPEN],
        "oob": htmx.wants_fragment(),
        "dropping": sources.dropping() if beside.dropping else [],
        "flapping": noise.spells([alert.id for alert in alerts]) if beside.flapping else {},
        "snoozes": forms.SNOOZES,
        "orders": ORDERS if forms.parse_sort(args) is Sort.WORST else dict.fromkeys(ORDERS, _order(args)),
        "root": url_for("alerts.index"),
        "nobody": tally.nobody,
        "waking": beside.next_waking,
        "sparks": _sparks(alerts, now),
        "fault": "",
        "silenced": tally.silenced,
        "first_time": not alerts
        and not tally.silenced.number
        and not forms.kept(args)
        and not any(c.number for c in counts.values()),
        **_place(args),
    }


def _tally(wanted: AlertFilter, reading: Reading) -> queries.Tally:
    """The numbers; of what is silenced, how much the list leaves out for it."""
    mute = replace(wanted.only(*(wanted.statuses or SHOWN)), silenced=True) if wanted.silenced is False else None
    found = queries.tally(reading, mute)
    if reading.wanted == EVERYTHING:
        # What the menu says as well: nobody counts it twice for one page.
        g.open_alerts = found.states[Status.OPEN]
    return found


def reader() -> dict[str, Any]:
    """Who reads, whether they may change anything, and what everybody is called."""
    return {"me": current_actor().label, "may_triage": may_triage(), "called": naming()}


def may_triage() -> bool:
    """Whether the reader may change alerts."""
    role = current_actor().role
    return role is not None and role.includes(Role.RESPONDER)


def naming() -> Callable[[str | None], str | None]:
    """What everybody is called, by their address."""
    names = accounts.called()

    def called(who: str | None) -> str | None:
        return filters.person(names.get(who, who)) if who else None

    return called


def options(values: list[str]) -> list[tuple[str, str]]:
    """Choices of a select, with one that narrows nothing."""
    return [("", "Any"), *((value, value) for value in values)]


def open_count() -> str:
    """The short fact in the menu: "9 open", or nothing."""
    counted: Capped | None = g.get("open_alerts")
    return _told(counted) if counted else live.fact(ROOMS, _open_now)


def _open_now() -> str:
    return _told(queries.open_count(clock.now()))


def _told(count: Capped) -> str:
    return f"{count} open" if count.number else ""


def _more_than(shown: int, counts: list[Capped]) -> int | str:
    """How many match in all, if more than those shown: "many" when they are counted only if asked; else 0."""
    if any(count.more for count in counts):
        return "many"
    total = sum(count.number for count in counts)
    return total if total > shown else 0


def _group(status: Status, reading: Reading, args: Mapping[str, Any], count: Capped) -> Group:
    alone = forms.parse_filter(args).statuses == (status,)
    cursor, limit = (args.get("cursor"), PAGE) if alone else (None, TOGETHER.get(status, PAGE))
    sort = forms.parse_sort(args)
    page = queries.in_state(status, reading.wanted, reading.now, limit=limit, cursor=cursor, sort=sort, reading=reading)
    older: dict[str, Any] = {**forms.kept(args), "status": status.word, "cursor": page.next_cursor}
    return Group(status, list(page.items), count, url_for("alerts.index", **older) if page.next_cursor else "")


def _sparks(alerts: list[Alert], now: datetime) -> dict[int, Markup]:
    found = queries.sparklines([alert.id for alert in alerts], now)
    severities = {alert.id: alert.severity.word for alert in alerts}
    return {key: _spark(tuple(bars), severities[key]) for key, bars in found.items()}


@lru_cache(4_096)
def _spark(bars: tuple[int, ...], severity: str) -> Markup:
    return charts.spark(bars, f"{sum(bars):,} in the last 24 hours").drawn(severity)


def _place(args: Mapping[str, Any]) -> dict[str, Any]:
    kept = forms.kept(args)
    here: dict[str, Any] = {**kept, "cursor": args.get("cursor")}
    return {"q": kept.get("q", ""), "kept": kept, "here": url_for("alerts.index", **here)}


def _frame(args: Mapping[str, Any]) -> dict[str, Any]:
    """What stands around the list and is no news: filters and views."""
    kept = forms.kept(args)
    on = [(name, value) for name in kept if name in forms.FIELDS for value in forms.several(kept, name)]
    return {
        "chips": [Chip(n, "nobody" if v == "none" else v, _without(kept, n, v)) for n, v in on],
        "options": options,
        "choices": queries.choices(),
        "saved": saved.KEEPING.tabs(kept),
        "sorts": forms.SORTS,
    }


def _order(args: Mapping[str, Any]) -> str:
    return "seen last first" if forms.parse_sort(args) is Sort.RECENT else "seen longest ago first"


def _without(kept: Mapping[str, Any], name: str, value: str) -> str:
    rest: dict[str, Any] = {**kept, name: [other for other in forms.several(kept, name) if other != value]}
    return url_for("alerts.index", **rest)
