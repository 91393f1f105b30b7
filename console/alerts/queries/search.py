"""The tree of a search as SQL conditions on alerts."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from operator import eq, ge, gt, le, lt
from typing import Any

from sqlalchemy import ColumnElement, and_, not_, or_, select, true

from console.alerts.models import Alert, AlertDetail
from console.alerts.queries.standing import standing
from console.alerts.rules import search as grammar
from console.alerts.rules.search import Match, Node, SearchError, Words
from console.alerts.rules.states import Severity, Status
from console.infra.errors import Fault, Invalid

COMPARE: dict[str, Callable[[Any, Any], Any]] = {"=": eq, "<": lt, "<=": le, ">": gt, ">=": ge}
# An age grows as the instant falls: last_seen:<1h is later than an hour ago.
AGED = {"<": gt, "<=": ge, ">": lt, ">=": le, "=": ge}
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
NOBODY = {"none", "nobody"}

_AGE = re.compile(r"(\d{1,6})([smhdw])")


def condition(q: str, now: datetime) -> ColumnElement[bool]:
    """The condition of a search; raises Invalid with the position when the grammar is bad."""
    try:
        tree = grammar.parse(q)
        return true() if tree is None else _of(tree, now)
    except SearchError as error:
        detail = f"{error.detail} (at position {error.position})"
        raise Invalid(f"The search cannot be read: {detail}", errors=[Fault("/q", detail)]) from error


def _of(node: Node, now: datetime) -> ColumnElement[bool]:
    match node:
        case grammar.All(parts):
            return and_(*(_of(part, now) for part in parts))
        case grammar.Any(parts):
            return or_(*(_of(part, now) for part in parts))
        case grammar.Not(part):
            return not_(_of(part, now))
        case Words():
            return _told(AlertDetail.text.ilike(_pattern(node), escape="\\"))
        case Match():
            return _field(node, now)


def _pattern(node: Words) -> str:
    return f"%{grammar.like(node.text, quoted=node.quoted)}%"


def _told(clause: ColumnElement[bool]) -> ColumnElement[bool]:
    """A condition on what is told of the alert; the sub-select is what the trigram index answers."""
    return Alert.id.in_(select(AlertDetail.alert_id).where(clause))


def _field(node: Match, now: datetime) -> ColumnElement[bool]:
    if node.field.startswith(grammar.TAG):
        return _tag(node)
    if node.field in grammar.TIMES:
        return _time(node, now)
    if node.field in grammar.NUMBERS:
        return _number(node)
    if node.operator != "=":
        raise SearchError(f"{node.field} cannot be compared with {node.operator}.", node.at)
    if node.field in grammar.FLAGS:
        return _flag(node)
    return _word(node, now) if node.field in grammar.WORDS else _text(node)


def _flag(node: Match) -> ColumnElement[bool]:
    if node.value.lower() not in {"true", "false"}:
        raise SearchError(f"{node.field} is true or false.", node.at)
    return getattr(Alert, node.field).is_(node.value.lower() == "true")  # type: ignore[no-any-return]


def _word(node: Match, now: datetime) -> ColumnElement[bool]:
    kind = Status if node.field == "status" else Severity
    try:
        rank = kind[node.value.upper()]
    except KeyError as error:
        words = ", ".join(member.name.lower() for member in reversed(kind))
        raise SearchError(f"{node.field} is one of {words}.", node.at) from error
    return standing(rank, now) if isinstance(rank, Status) else Alert.severity == rank


def _text(node: Match) -> ColumnElement[bool]:
    if node.field == "message":
        return _told(AlertDetail.message.ilike(f"%{grammar.like(node.value, quoted=node.quoted)}%", escape="\\"))
    column = getattr(Alert, node.field)
    if node.field == "assignee" and node.value.lower() in NOBODY and not node.quoted:
        return column.is_(None)  # type: ignore[no-any-return]
    if "*" in node.value and not node.quoted:
        return column.is_not(None) & column.ilike(grammar.like(node.value, quoted=False), escape="\\")  # type: ignore[no-any-return]
    if node.field == "exception_type":
        # KeyError finds builtins.KeyError too: senders differ in whether they name the module.
        return column.is_not(None) & ((column == node.value) | column.endswith(f".{node.value}", autoescape=True))  # type: ignore[no-any-return]
    return column.is_not_distinct_from(node.value)  # type: ignore[no-any-return]


def _tag(node: Match) -> ColumnElement[bool]:
    key = node.field.removeprefix(grammar.TAG)
    if node.operator != "=":
        raise SearchError("Tags cannot be compared, only matched.", node.at)
    if "*" in node.value and not node.quoted:
        value = AlertDetail.tags[key].astext
        return _told(value.ilike(grammar.like(node.value, quoted=False), escape="\\"))
    wanted: list[Any] = [node.value]
    if not node.quoted:
        wanted += [{"true": True, "false": False}[node.value]] if node.value in {"true", "false"} else []
        wanted += [int(node.value)] if re.fullmatch(r"-?\d{1,15}", node.value) else []
    return _told(or_(*(AlertDetail.tags.contains({key: value}) for value in wanted)))


def _number(node: Match) -> ColumnElement[bool]:
    if not re.fullmatch(r"\d{1,15}", node.value):
        raise SearchError(f"{node.field} needs a whole number.", node.at)
    column, value = getattr(Alert, node.field), int(node.value)
    return COMPARE[node.operator](column, value)  # type: ignore[no-any-return]


def _time(node: Match, now: datetime) -> ColumnElement[bool]:
    column = getattr(Alert, node.field)
    if (found := _AGE.fullmatch(node.value)) is not None:
        edge = _before(now, timedelta(**{UNITS[found.group(2)]: int(found.group(1))}))
        return column.is_not(None) & AGED[node.operator](column, edge)  # type: ignore[no-any-return]
    try:
        at = datetime.fromisoformat(node.value)
        at = at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise SearchError(f"{node.field} needs an age such as 1h or 7d, or a date.", node.at) from error
    if node.operator != "=":
        return column.is_not(None) & COMPARE[node.operator](column, at)  # type: ignore[no-any-return]
    day = "T" not in node.value and " " not in node.value
    until = at + timedelta(days=1) if day and at.year < 9999 else at  # noqa: PLR2004
    return column.is_not(None) & ((column >= at) & (column < until) if day else column == at)  # type: ignore[no-any-return]


def _before(now: datetime, age: timedelta) -> datetime:
    try:
        return now - age
    except OverflowError:
        return datetime(1, 1, 2, tzinfo=UTC)
