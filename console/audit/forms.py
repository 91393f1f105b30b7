"""The filters of the trail's page, read from the URL."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from console.audit.queries import Filter
from console.audit.rules import clean_text

_LONGEST = 200
RESULTS = ("done", "refused")


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the form; empty strings for what was left out or made no sense."""

    actor: str = ""
    action: str = ""
    object: str = ""
    result: str = ""
    since: str = ""
    until: str = ""
    q: str = ""

    def parameters(self) -> dict[str, Any]:
        """The same as URL parameters, without the empty ones."""
        found = {"actor": self.actor, "action": self.action, "object": self.object, "result": self.result}
        found |= {"from": self.since, "to": self.until, "q": self.q}
        return {name: value for name, value in found.items() if value}


def typed(args: Mapping[str, str]) -> Typed:
    """What the URL says; a date that is none is left out rather than refused, since the form then shows it empty."""

    def word(name: str) -> str:
        return clean_text(args.get(name, "")).strip()[:_LONGEST]

    result = word("result")
    return Typed(
        actor=word("actor"),
        action=word("action"),
        object=word("object"),
        result=result if result in RESULTS else "",
        since=_date(word("from")),
        until=_date(word("to")),
        q=word("q"),
    )


def wanted(form: Typed, zone: ZoneInfo) -> Filter:
    """The filter for these words; days are the reader's, and `to` includes its day. `object` is KIND or KIND:ID."""
    kind, _, key = form.object.partition(":")
    until = _midnight(form.until, zone)
    return Filter(
        actor=form.actor or None,
        action=form.action or None,
        object_kind=kind or None,
        object_id=key or None,
        result=form.result or None,
        since=_midnight(form.since, zone),
        until=until + timedelta(days=1) if until else None,
        text=form.q or None,
    )


def _date(text: str) -> str:
    try:
        return datetime.strptime(text, "%Y-%m-%d").date().isoformat()  # noqa: DTZ007 - a day; the zone comes later
    except ValueError:
        return ""


def _midnight(day: str, zone: ZoneInfo) -> datetime | None:
    return datetime.fromisoformat(day).replace(tzinfo=zone) if day else None
