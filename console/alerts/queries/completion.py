"""What a search can be completed by. Quick rather than whole: from the list's indexes, and from what came last."""

from sqlalchemy import desc, func, select
from sqlalchemy.orm import InstrumentedAttribute

from console.alerts.models import Alert, AlertDetail
from console.alerts.queries.counts import choices
from console.alerts.queries.filters import AlertFilter, TooSlow, searching
from console.alerts.rules import search as grammar
from console.alerts.rules import states
from console.alerts.rules.search import typing
from console.alerts.rules.states import Severity
from console.infra.db import db

MOST = 10
# Of so many of the newest alerts are values taken that have no index of their own.
NEWEST = 1_000
# Milliseconds after which no answer is better than a late one.
WITHIN = 40
LISTED = frozenset({"service", "environment", "assignee"})
RECENT = frozenset({"task", "exception_type", "source", "acknowledged_by"})


def completions(field: str, part: str) -> list[str]:
    """Up to ten values of a field that hold `part`; none for a field that has no values to offer."""
    try:
        with searching(AlertFilter(q=field), within=WITHIN):
            return typing.ranked(_values(field), part)[:MOST]
    except TooSlow:
        return []


def tag_fields(part: str) -> list[str]:
    """`tags.key:` for keys of the newest alerts that hold `part`."""
    try:
        with searching(AlertFilter(q=part or "tags"), within=WITHIN):
            return typing.ranked([f"{grammar.TAG}{key}:" for key in _keys()], part)[:MOST]
    except TooSlow:
        return []


def _values(field: str) -> list[str]:
    if field in LISTED:
        return [*choices()[field], *(["none"] if field == "assignee" else [])]
    if field in RECENT:
        return _recent(getattr(Alert, field))
    if field.startswith(grammar.TAG):
        return _tags(field.removeprefix(grammar.TAG))
    return {
        "status": [status.word for status in states.LISTED],
        "severity": [severity.word for severity in sorted(Severity, reverse=True)],
        **{key: ["true", "false"] for key in grammar.FLAGS},
        **{key: list(typing.NUMBERS) for key in grammar.NUMBERS},
        **{key: list(typing.AGES) for key in grammar.TIMES},
    }.get(field, [])


def _recent(column: InstrumentedAttribute[str] | InstrumentedAttribute[str | None]) -> list[str]:
    newest = select(column.label("value")).order_by(Alert.id.desc()).limit(NEWEST).subquery()
    rows = select(newest.c.value).where(newest.c.value.is_not(None))
    return list(db.session.scalars(rows.group_by(newest.c.value).order_by(desc(func.count()), newest.c.value)))


def _keys() -> list[str]:
    newest = select(AlertDetail.tags).order_by(AlertDetail.alert_id.desc()).limit(NEWEST).subquery()
    key = func.jsonb_object_keys(newest.c.tags).label("key")
    keys = select(key).subquery()
    return list(db.session.scalars(select(keys.c.key).group_by(keys.c.key).order_by(desc(func.count()), keys.c.key)))


def _tags(key: str) -> list[str]:
    value = AlertDetail.tags[key].astext.label("value")
    newest = select(value).order_by(AlertDetail.alert_id.desc()).limit(NEWEST).subquery()
    rows = select(newest.c.value).where(newest.c.value.is_not(None))
    return list(db.session.scalars(rows.group_by(newest.c.value).order_by(desc(func.count()), newest.c.value)))
