"""What a list of alerts is narrowed by, and the conditions that follow from it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from psycopg2.errors import QueryCanceled
from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import InstrumentedAttribute

from console.alerts.models import Alert, AlertDetail
from console.alerts.queries import search
from console.alerts.rules.search import All, Match, Node
from console.alerts.rules.states import LISTED, Severity, Status
from console.infra.db import db
from console.infra.errors import Fault, Invalid

WORST_FIRST = tuple(sorted(Severity, reverse=True))
NOBODY = "none"
SEARCH_MS = 1_000
# Ways of reading that gather all that matches before the first row is known.
_GATHERING = ("enable_bitmapscan", "enable_hashjoin", "enable_mergejoin", "enable_material", "enable_seqscan")
_WALK = dict.fromkeys(_GATHERING, "off") | {"max_parallel_workers_per_gather": "0"}

# Of a few thousand alerts each is looked up: for milliseconds, neither another process nor a look at all is worth it.
_FEW = {"max_parallel_workers_per_gather": "0", "enable_hashjoin": "off", "enable_mergejoin": "off"}
# Rows by their ids: block after block, several asked for at a time, instead of one after the other.
_BLOCKWISE = {"enable_indexscan": "off"}


@dataclass(frozen=True, slots=True)
class AlertFilter:
    """Empty tuples and None narrow nothing, several values mean any of them.

    `since`: last seen then or later. "none" among `assignees`: nobody has it. `silenced` None: whether or not.
    """

    statuses: tuple[Status, ...] = ()
    severities: tuple[Severity, ...] = ()
    services: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()
    assignees: tuple[str, ...] = ()
    q: str = ""
    since: datetime | None = None
    silenced: bool | None = None
    # What is left of `q` once `lifted` has read it, and what it said of `last_seen`, which the list is in order of.
    rest: Node | None = None
    seen: tuple[Match, ...] = ()

    @property
    def wanted(self) -> tuple[Status, ...]:
        """The states that the list shows."""
        return self.statuses or LISTED

    @property
    def searches(self) -> bool:
        """Whether something is looked for that no order of the list answers."""
        return bool(self.q.strip()) or self.rest is not None

    @property
    def timeless(self) -> bool:
        """Whether it says the same at any time: ages do not."""
        return not self.seen and (self.tree is None or search.timeless(self.tree))

    @property
    def tree(self) -> Node | None:
        """What is searched for. Raises Invalid on a bad `q`."""
        return search.parsed(self.q) if self.q.strip() else self.rest

    def only(self, *statuses: Status) -> "AlertFilter":
        """The same filter for some states."""
        return replace(self, statuses=statuses)


class TooSlow(Invalid):
    """A search that was ended by its time limit; the transaction goes on as if it had not been asked."""

    def __init__(self) -> None:
        told = "This search took too long and was ended. Use longer words, or narrow it by service or state."
        super().__init__(told, errors=[Fault("/q", "Too wide.")])


@contextmanager
def searching(
    wanted: AlertFilter, *, within: int | None = None, walking: bool = False, blockwise: bool = False
) -> Iterator[None]:
    """Words without an index to answer them may read a million rows: a search ends `within` milliseconds and says so.

    With `walking` the index of words is left aside and the list's own is walked, which ends early when most alerts
    match; `blockwise`, rows are read in the order in which they lie. Raises TooSlow.
    """
    if not wanted.searches:
        yield
        return
    limits = {"statement_timeout": str(within or SEARCH_MS)}
    limits |= _WALK if walking else _FEW
    limits |= _BLOCKWISE if blockwise else {}
    try:
        with db.session.begin_nested():
            _set(limits)
            yield
            _set(dict.fromkeys(limits, "DEFAULT"))
    except OperationalError as error:
        if not isinstance(error.orig, QueryCanceled):
            raise
        raise TooSlow from error


def _set(values: dict[str, str]) -> None:
    statements = "; ".join(f"SET LOCAL {name} = {value}" for name, value in values.items())
    db.session.connection().exec_driver_sql(statements)


def conditions(wanted: AlertFilter, now: datetime) -> list[ColumnElement[bool]]:
    """Everything but state and severity, which the lists walk through one by one; raises Invalid on a bad `q`."""
    found: list[ColumnElement[bool]] = []
    if wanted.services:
        found.append(_any_of(Alert.service, wanted.services))
    if wanted.environments:
        found.append(_any_of(Alert.environment, wanted.environments))
    if wanted.assignees:
        found.append(_owned(wanted.assignees))
    if wanted.since is not None:
        found.append(Alert.last_seen >= wanted.since)
    if wanted.silenced is not None:
        found.append(Alert.silenced.is_(wanted.silenced))
    found += [search.condition(one, now) for one in wanted.seen]
    if (tree := wanted.tree) is not None:
        found.append(search.condition(tree, now))
    return found


def narrowed(rows: Select[Any], wanted: AlertFilter, now: datetime) -> Select[Any]:
    """Rows from alerts, narrowed by everything but state and severity; raises Invalid on a bad `q`."""
    if (tree := wanted.tree) is not None and search.reads_details(tree):
        rows = rows.join(AlertDetail, AlertDetail.alert_id == Alert.id)
    return rows.where(*conditions(wanted, now))


def met(rows: Select[Any], wanted: AlertFilter, now: datetime) -> Select[Any]:
    """The same for a walk: whether an alert has the words is asked of its own details, when it is met.

    A join would let the planner begin with the words, and take it for cheap to read every text there is.
    """
    tree = wanted.tree
    if tree is None or not search.reads_details(tree):
        return narrowed(rows, wanted, now)
    holds = select(search.condition(tree, now)).where(AlertDetail.alert_id == Alert.id).correlate(Alert)
    return rows.where(*conditions(replace(wanted, q="", rest=None), now), holds.scalar_subquery())


def lifted(wanted: AlertFilter) -> AlertFilter:
    """The same filter with what `q` says of service, environment, owner, state, severity and time in its own fields.

    There the list's indexes answer; what is left of the search is under `rest`. Raises Invalid on a bad `q`.
    """
    tree = wanted.tree
    if tree is None:
        return replace(wanted, q="")
    found, left, seen = dict[str, tuple[Any, ...]](), list[Node](), list(wanted.seen)
    for part in tree.parts if isinstance(tree, All) else (tree,):
        name, values = search.plain(part)
        if isinstance(part, Match) and part.field == "last_seen":
            seen.append(part)
        elif name and name not in found and not getattr(wanted, name):
            found[name] = values
        else:
            left.append(part)
    rest = None if not left else left[0] if len(left) == 1 else All(tuple(left))
    lifting: dict[str, Any] = {**found}
    return replace(wanted, q="", rest=rest, seen=tuple(seen), **lifting)


def _any_of(column: InstrumentedAttribute[Any], values: tuple[str, ...]) -> ColumnElement[bool]:
    return column == values[0] if len(values) == 1 else column.in_(values)


def _owned(assignees: tuple[str, ...]) -> ColumnElement[bool]:
    people = tuple(who for who in assignees if who != NOBODY)
    if len(people) == len(assignees):
        return _any_of(Alert.assignee, people)
    return or_(Alert.assignee.is_(None), Alert.assignee.in_(people)) if people else Alert.assignee.is_(None)
