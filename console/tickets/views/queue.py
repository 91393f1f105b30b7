"""The queue: what breaks next, first; and who has how much."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Any, Final

from flask import Response, request, url_for

from console.alerts.views.keeping import Tab
from console.infra import clock
from console.infra.actor import Role
from console.tickets.forms import queue as forms
from console.tickets.forms.queue import NAMES, kept
from console.tickets.queries import desk, groups
from console.tickets.queries.desk import CAP, GROUPS, Load, Part
from console.tickets.queries.groups import Listed, Wanted
from console.tickets.queries.lists import Filters
from console.tickets.queries.promises import Book
from console.tickets.rules import opening
from console.tickets.rules.standing import State
from console.tickets.views import saved, shares
from console.tickets.views.attained import attained
from console.tickets.views.beside import beside
from console.tickets.views.blueprint import ROOMS, bp
from console.tickets.views.rows import Row, rows_of
from console.web import filters as texts
from console.web import htmx, live
from console.web.auth import requires

BLOCKS: Final = ("ticket_list", "ticket_lede")
# Enough of each for a look; a group asked for alone has pages.
FEW: Final = {State.BREACHED: 25, State.AT_RISK: 15, State.OK: 15, State.PAUSED: 5}
PAGE: Final = 50
NOTES: Final = {State.PAUSED: "the clock stands still", State.MET: "newest first", State.NONE: "newest first"}


@dataclass(frozen=True, slots=True)
class Group:
    """The rows of a state; `more` shows all of them, `earlier` and `later` are the pages beside this one."""

    state: State
    name: str
    rows: Sequence[Row[Listed]]
    count: int
    note: str
    more: str = ""
    earlier: str = ""
    later: str = ""


@bp.get("/tickets")
@requires(Role.VIEWER)
def index() -> Response:
    """Tickets by their nearest deadline; polls of readers who may do the same share one rendering."""
    unchanged = live.not_modified(*ROOMS)
    return unchanged or _polled() or htmx.page("tickets/index.html", BLOCKS, **listing())


def _polled() -> Response | None:
    """The answer to a poll; None for a page that is opened. Nothing that the blocks show is a reader's own."""
    if not live.is_poll():
        return None
    key = (request.query_string, shares.may_assign(), str(texts.zone()))
    html, unchanged = live.shared(ROOMS, key, lambda: htmx.rendered("tickets/index.html", BLOCKS, shown()))
    return unchanged or htmx.fragment(html)


def read_filters() -> Filters:
    """What the address asks for."""
    return forms.read_filters(request.args)


def listing() -> dict[str, Any]:
    """Everything that the queue's template shows."""
    found, around = shown(), beside()
    return {
        **found,
        "chips": _chips(found["filters"]),
        "choices": around.choices,
        "views": _views(around.loads, found["asked"]),
    }


def shown() -> dict[str, Any]:
    """What its blocks show: to all the same who may do the same, in one zone."""
    filters, now, around = read_filters(), clock.now(), beside()
    found, following = _groups([filters.state] if filters.state else GROUPS, filters, around.book, now)
    return {
        "groups": found,
        "counts": {group.state.value: group for group in found},
        "filters": filters,
        "asked": kept(filters),
        "upcoming": following,
        "beside": around,
        "attained": attained(),
        "first_time": not around.loads and not kept(filters) and not any(group.rows for group in found),
        "many_sources": len(around.choices["source"]) > 1,
        "offices": [opening.of(name, hours, now) for name, hours in around.book.calendars()],
        "may_assign": shares.may_assign(),
        "oob": htmx.wants_fragment(),
        "here": url_for(".index", **{**kept(filters), **_cursors()}),
        "root": url_for(".index"),
        "number": lambda count: f"{min(count, CAP):,}{'+' if count > CAP else ''}",
    }


def _groups(
    states: Sequence[State], filters: Filters, book: Book, now: datetime
) -> tuple[list[Group], Row[Listed] | None]:
    """The groups, and the ticket that breaks next as a row; all rows are made at once."""
    alone, narrowed = filters.state is not None, replace(filters, state=None)
    cursors = _cursors() if alone else {}
    wanted = [Wanted(state, PAGE if alone else FEW[state], **cursors) for state in states]
    parts, upcoming = groups.groups(wanted, narrowed, now=now)
    tickets = [ticket for part in parts for ticket in part.items] + ([upcoming] if upcoming else [])
    rows, counts = iter(rows_of(tickets, now=now, book=book)), desk.counts(states, narrowed)
    found = [
        _group(state, part, list(islice(rows, len(part.items))), counts[state], narrowed, alone=alone)
        for state, part in zip(states, parts, strict=True)
    ]
    return found, next(rows, None)


def _group(
    state: State, found: Part[Listed], rows: Sequence[Row[Listed]], count: int, wanted: Filters, *, alone: bool
) -> Group:
    address: dict[str, Any] = {**kept(wanted), "state": state.value}
    earlier = url_for(".index", **address, before=found.earlier) if alone and found.earlier else ""
    later = url_for(".index", **address, after=found.later) if alone and found.later else ""
    return Group(
        state, NAMES[state], rows, count, NOTES.get(state, ""),
        url_for(".index", **address) if not alone and found.later else "", earlier, later,
    )  # fmt: skip


def _cursors() -> dict[str, str]:
    return {name: request.args[name] for name in ("after", "before") if request.args.get(name)}


def _chips(filters: Filters) -> list[tuple[str, Any, str]]:
    asked = kept(filters)
    return [
        (name.replace("_", " "), value, url_for(".index", **{k: v for k, v in asked.items() if k != name}))
        for name, value in forms.told(asked).items()
    ]


def _views(loads: Sequence[Load], asked: Mapping[str, Any]) -> list[tuple[Tab, int | None]]:
    """Lists that everybody has and those that were saved, some with how many tickets are in them."""
    mine = shares.mine(loads)
    known = {load.owner: load.open for load in loads}
    counts = {"Mine": known.get(mine, 0), "Of nobody": known.get(None, 0)}
    first = Tab("Next to break", url_for(".index"), not asked, own=False)
    return [(tab, counts.get(tab.name)) for tab in (first, *saved.tabs(asked, mine))]
