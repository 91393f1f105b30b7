"""The load shared out: which tickets, to whom, what each would have then; and done only as it was shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from flask import Response, request, url_for

from console.infra import clock
from console.infra.actor import Role
from console.infra.errors import Conflict, Invalid
from console.tickets.actions import sharing as actions
from console.tickets.actions.sharing import Looked
from console.tickets.forms.queue import kept
from console.tickets.queries import desk
from console.tickets.queries import sharing as reads
from console.tickets.queries.lists import NOBODY
from console.tickets.queries.sharing import MOST, Chosen
from console.tickets.rules.sharing import Share
from console.tickets.rules.standing import State
from console.tickets.views import queue, shares
from console.tickets.views.blueprint import bp
from console.web import filters, htmx
from console.web.auth import current_actor, requires

# Those with the most room are ticked at first.
FIRST: Final = 6
OFFERED: Final = 30
ALL: Final = "all"


@dataclass(frozen=True, slots=True)
class Line:
    """An owner to choose: what they have now and, if they are chosen, would get and have then."""

    name: str
    now: str
    chosen: bool
    gets: int | None = None
    then: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the form says: which tickets (`of` the list: all, or what nobody has) and who takes them."""

    chosen: Chosen
    owners: Sequence[str]
    of: str = ALL
    counts: Mapping[str, int] | None = None


@bp.get("/tickets/sharing")
@requires(Role.RESPONDER, Role.MANAGER)
def ask_sharing() -> Response:
    """Ask who takes the open tickets of the queue's list."""
    return question(_wanted(shares.free(desk.loads())))


@bp.post("/tickets/sharing")
@requires(Role.RESPONDER, Role.MANAGER)
def share_out() -> Response:
    """Show who would get how many; share out once that was seen."""
    wanted = _wanted(None)
    if request.form.get("do") != "share":
        return question(wanted)
    expect, key, by = _number(request.form.get("expect", "")), request.form.get("plan", ""), current_actor()
    try:
        done = actions.share(wanted.chosen, wanted.owners, expect=expect, key=key, by=by, at=clock.now())
    except Conflict as moved:
        return question(wanted, moved=moved.detail)
    back = url_for(".index", **kept(queue.read_filters()))
    return htmx.done("tickets/index.html", queue.BLOCKS, to=back, said=_said(done), **queue.listing())


def of_ticked(ids: Sequence[int]) -> Response:
    """Ask who takes tickets that were ticked in the queue."""
    free = shares.free(desk.loads())
    response = question(Wanted(Chosen(ids=ids), [load.owner or "" for load in free[:FIRST]]))
    response.headers.update({"HX-Retarget": "#ask-body", "HX-Reswap": "innerHTML"})
    return response


def question(wanted: Wanted, *, moved: str = "") -> Response:
    """The form with the plan of this moment; 409 when the one that was seen had moved, 422 with what is wrong."""
    looked, fault = _look(wanted)
    status = 409 if moved else 422 if fault and request.method == "POST" else 200
    asked = kept(queue.read_filters())
    response = htmx.page(
        "tickets/sharing.html", "question", status=status, wanted=wanted, looked=looked, fault=fault, moved=moved,
        lines=_lines(wanted, looked), most=MOST, to=url_for(".share_out", **asked), back=url_for(".index", **asked),
        inside=htmx.wants_fragment(),
    )  # fmt: skip
    if status != 200 and htmx.wants_fragment():  # noqa: PLR2004
        response.headers.update({"HX-Retarget": "#sharing", "HX-Reswap": "morph:outerHTML"})
    return response


def _number(text: str) -> int:
    """The number that was shown; one that nobody was shown otherwise."""
    return int(text) if text.isdecimal() and len(text) < 10 else -1  # noqa: PLR2004


def _look(wanted: Wanted) -> tuple[Looked | None, str]:
    try:
        return actions.look(wanted.chosen, wanted.owners), ""
    except Invalid as error:
        return None, error.errors[0].detail if error.errors else error.detail


def _wanted(free: Sequence[desk.Load] | None) -> Wanted:
    """What was asked for; of `free` those with the most room, where nobody was chosen yet."""
    owners = [load.owner or "" for load in free[:FIRST]] if free is not None else _owners()
    if ids := request.form.getlist("ids"):
        found = [int(text) for text in ids if text.isdecimal() and len(text) < 19]  # noqa: PLR2004
        return Wanted(Chosen(ids=found[: MOST + 1]), owners)
    narrowed = queue.read_filters()
    counts = {ALL: len(reads.open_ids(Chosen(filters=narrowed)))}
    if narrowed.assignee is not None:
        return Wanted(Chosen(filters=narrowed), owners, ALL, counts)
    alone = replace(narrowed, assignee=NOBODY)
    counts[NOBODY] = len(reads.open_ids(Chosen(filters=alone)))
    of = request.form.get("of") or (NOBODY if counts[NOBODY] else ALL)
    return Wanted(Chosen(filters=alone if of == NOBODY else narrowed), owners, of, counts)


def _owners() -> list[str]:
    """Those who are ticked, and those whose names are written."""
    return [*request.form.getlist("owners"), *filter(str.strip, request.form.get("others", "").split(","))]


def _lines(wanted: Wanted, looked: Looked | None) -> list[Line]:
    """Owners by room, those who are chosen first; others can be named."""
    loads = {load.owner: load for load in shares.free(desk.loads())}
    planned = {share.owner: share for share in looked.plan.shares} if looked else {}
    chosen = list(planned) if looked else [name.strip() for name in wanted.owners]
    names = dict.fromkeys([*(name for name in loads if name in chosen), *chosen, *list(loads)[:OFFERED]])
    return [_line(name, loads.get(name), planned.get(name), chosen=name in chosen) for name in names if name]


def _line(name: str, load: desk.Load | None, share: Share | None, *, chosen: bool) -> Line:
    now = _told({State(state): number for state, number in load.states.items()} if load else {})
    return Line(name, now, chosen, share.gets, _told(share.after)) if share else Line(name, now, chosen)


def _told(states: Mapping[State, int]) -> str:
    pressing = ((State.BREACHED, "breached"), (State.AT_RISK, "at risk"), (State.PAUSED, "paused"))
    parts = [f"{states[state]:,} {word}" for state, word in pressing if states.get(state)]
    return ", ".join([f"{sum(states.values()):,} open", *parts])


def _said(done: Looked) -> str:
    if not done.plan.moves:
        return "Nothing changed: all of them are where they belong."
    parts = [f"{share.new:,} to {filters.person(share.owner)}" for share in done.plan.shares if share.new]
    return f"{filters.plural(done.plan.moves, 'ticket')} changed hands: {', '.join(parts)}."
