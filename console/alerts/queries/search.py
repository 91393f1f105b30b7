"""The tree of a search as SQL conditions on alerts."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from operator import eq, ge, gt, le, lt
from typing import Any

from sqlalchemy import ColumnElement, and_, not_, or_

from console.alerts.models import Alert, AlertDetail
from console.alerts.models.alert import TASK_LENGTH, task_line
from console.alerts.queries.standing import standing
from console.alerts.rules import search as grammar
from console.alerts.rules.search import Match, Node, SearchError, Words
from console.alerts.rules.states import LISTED, Severity, Status
from console.infra.errors import Fault, Invalid

COMPARE: dict[str, Callable[[Any, Any], Any]] = {"=": eq, "<": lt, "<=": le, ">": gt, ">=": ge}
# An age grows as the instant falls: last_seen:<1h is later than an hour ago.
AGED = {"<": gt, "<=": ge, ">": lt, ">=": le, "=": ge}
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
NOBODY = {"none", "nobody"}

# The words of a field and what they stand for, as far as lists show it.
RANKS: dict[str, dict[str, Status | Severity]] = {
    "status": {status.word: status for status in LISTED},
    "severity": {severity.word: severity for severity in reversed(Severity)},
}

# A title is cut: of a longer type it may not hold all.
MAX_KIND = 200
_AGE = re.compile(r"(\d{1,6})([smhdw])")


def parsed(q: str) -> Node | None:
    """The tree of a search, None when it is blank; raises Invalid with the position when the grammar is bad."""
    with _told_where():
        return grammar.parse(q)


def condition(tree: Node, now: datetime) -> ColumnElement[bool]:
    """The condition of a search on alerts joined with their details; raises Invalid with the position of a fault."""
    with _told_where():
        return _of(tree, now)


@contextmanager
def _told_where() -> Iterator[None]:
    try:
        yield
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
            return _holds(grammar.like(node.text, quoted=node.quoted), node.hints)
        case Match():
            return _field(node, now)


LIFTED = {
    "service": "services", "environment": "environments", "assignee": "assignees", "status": "statuses",
    "severity": "severities",
}  # fmt: skip


def plain(node: Node) -> tuple[str, tuple[Any, ...]]:
    """The filter's own field and values that a part of a search amounts to; an empty name when it is none."""
    parts = node.parts if isinstance(node, grammar.Any) else (node,)
    matches = [part for part in parts if isinstance(part, Match) and part.field in LIFTED and part.operator == "="]
    if len(matches) < len(parts) or len({match.field for match in matches}) > 1:
        return "", ()
    values = [_plain_value(match) for match in matches]
    return ("", ()) if None in values else (LIFTED[matches[0].field], tuple(dict.fromkeys(values)))


def _plain_value(match: Match) -> Any:
    """The value as the filter takes it; None when it is a pattern, no word of its field, or means something else."""
    if match.field in grammar.WORDS:
        return RANKS[match.field].get(match.value.lower())
    if match.field == "assignee" and match.value.lower() in NOBODY:
        return None if match.quoted else "none"
    return None if "*" in match.value and not match.quoted else match.value


def _holds(pattern: str, hints: tuple[str, ...] = ()) -> ColumnElement[bool]:
    """Title, task or message hold it; what the trigram index answers: for the hints alone, where there are any."""
    if not hints:
        return AlertDetail.text.ilike(f"%{pattern}%", escape="\\")
    # Of an expression the index knows nothing: each text that has the hints is read.
    read = AlertDetail.text.concat("").ilike(f"%{pattern}%", escape="\\")
    return and_(*(AlertDetail.text.ilike(f"%{hint}%") for hint in hints), read)


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
    rank = RANKS[node.field].get(node.value.lower())
    if rank is None:
        raise SearchError(f"{node.field} is one of {', '.join(RANKS[node.field])}.", node.at)
    return standing(rank, now) if isinstance(rank, Status) else Alert.severity == rank


def only_details(tree: Node) -> bool:
    """Whether a search looks at nothing but words and tags."""
    match tree:
        case grammar.All(parts) | grammar.Any(parts):
            return all(map(only_details, parts))
        case grammar.Not(part):
            return only_details(part)
        case Match():
            return tree.field == "message" or tree.field.startswith(grammar.TAG)
    return True


def timeless(tree: Node) -> bool:
    """Whether a search says the same at any time: ages do not, nor do states, which snoozes change."""
    match tree:
        case grammar.All(parts) | grammar.Any(parts):
            return all(map(timeless, parts))
        case grammar.Not(part):
            return timeless(part)
        case Match():
            return tree.field not in grammar.TIMES and tree.field != "status"
    return True


# Fields that an index of the details answers.
_DETAILED = frozenset({"message", "title", "exception_type", "task"})


def reads_details(tree: Node) -> bool:
    """Whether a search looks at what stands apart from the alert: its words, its tags."""
    match tree:
        case grammar.All(parts) | grammar.Any(parts):
            return any(map(reads_details, parts))
        case grammar.Not(part):
            return reads_details(part)
        case Match():
            return tree.field in _DETAILED or tree.field.startswith(grammar.TAG)
    return True


def _text(node: Match) -> ColumnElement[bool]:
    pattern = grammar.like(node.value, quoted=node.quoted)
    if node.field == "message":
        message = AlertDetail.message
        return and_(message.is_not(None), message.ilike(f"%{pattern}%", escape="\\"), _holds(pattern))
    column = getattr(Alert, node.field)
    exact = node.quoted or "*" not in node.value
    # The index of words finds them; the column itself then says whether it is more than a part.
    hints = [_holds(pattern)] if node.field == "title" or (node.field == "task" and not exact) else []
    if node.field == "task" and exact:
        hints = [task_line(AlertDetail.text) == node.value.partition("\n")[0][:TASK_LENGTH]]
    if node.field == "assignee" and node.value.lower() in NOBODY and not node.quoted:
        return column.is_(None)  # type: ignore[no-any-return]
    if not exact:
        return and_(column.is_not(None), column.ilike(pattern, escape="\\"), *hints)
    if node.field == "exception_type":
        # KeyError finds builtins.KeyError too: senders differ in whether they name the module.
        named = (column == node.value) | column.endswith(f".{node.value}", autoescape=True)
        return and_(column.is_not(None), named, *_kind(node.value))
    return and_(column.is_not(None), column == node.value, *hints)


def _kind(value: str) -> list[ColumnElement[bool]]:
    """Titles begin with the type without its module (`rules.messages.title`), so the index of words finds it."""
    kind = value.rpartition(".")[2].strip()
    return [_holds(grammar.like(kind, quoted=True))] if 0 < len(kind) <= MAX_KIND else []


def _tag(node: Match) -> ColumnElement[bool]:
    key = node.field.removeprefix(grammar.TAG)
    if node.operator != "=":
        raise SearchError("Tags cannot be compared, only matched.", node.at)
    if "*" in node.value and not node.quoted:
        value = AlertDetail.tags[key].astext
        return and_(value.is_not(None), value.ilike(grammar.like(node.value, quoted=False), escape="\\"))
    wanted: list[Any] = [node.value]
    if not node.quoted:
        wanted += [{"true": True, "false": False}[node.value]] if node.value in {"true", "false"} else []
        wanted += [int(node.value)] if re.fullmatch(r"-?\d{1,15}", node.value) else []
    return or_(*(AlertDetail.tags.contains({key: value}) for value in wanted))


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
