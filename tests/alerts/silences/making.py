"""Silences for tests."""

from datetime import datetime, timedelta
from typing import Any

from console.alerts import actions
from console.alerts.models import Silence, SilenceKind
from console.alerts.rules.silences.matchers import Matcher, Op
from console.alerts.rules.silences.wanted import Wanted
from console.infra.actor import Actor
from tests.alerts.making import OLU


def asks(*texts: str) -> list[Matcher]:
    """`service = billing` as a matcher."""
    found = []
    for text in texts:
        field, op, value = (*text.split(" ", 2), "")[:3]
        found.append(Matcher(field, Op(op), value))
    return found


def wanted(at: datetime, *texts: str, hours: float = 1, **fields: Any) -> Wanted:
    """A silence of documents for an hour from `at`, unless said otherwise."""
    plain: dict[str, Any] = {"ends_at": at + timedelta(hours=hours), "reason": "a deployment"}
    return Wanted(asks(*(texts or ("service = documents",))), **(plain | fields))


def silence(
    at: datetime, *texts: str, by: Actor = OLU, kind: SilenceKind = SilenceKind.SILENCE, **fields: Any
) -> Silence:
    """One that is stored."""
    return actions.create_silence(kind, wanted(at, *texts, **fields), by=by, at=at)
