"""A row of a helpdesk's table or of a file, whose values are texts, read into the fields of a ticket."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from console.tickets.rules.history import Event

WORDS: Final = ("status", "priority", "organization", "requester", "assignee", "group")
TIMES: Final = (
    "created_at", "updated_at", "first_responded_at", "resolved_at", "first_response_due", "next_response_due",
    "resolution_due",
)  # fmt: skip
FIELDS: Final = ("external_id", "subject", *WORDS, "url", "tags", "sla_policy", *TIMES)
REQUIRED: Final = ("external_id", "subject", "created_at")
DUE: Final = {
    "first_response_due": "first_response",
    "next_response_due": "next_response",
    "resolution_due": "resolution",
}
# Lengths, as the API has them.
WORD, TEXT, TAGS = 200, 2_000, 100
AHEAD: Final = timedelta(minutes=5)
EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
RESOLVED: Final = ("resolved", "closed", "solved", "merged")
DOTTED: Final = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})(?:,? +(\d\d:\d\d(?::\d\d)?))?")
PAST: Final = ("created_at", "updated_at", "first_responded_at", "resolved_at")


class Unfit(ValueError):
    """A value that cannot stand in a ticket; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Row:
    """A ticket as a row has it. `closed`: its status says that it is over, None when it does not say."""

    external_id: str
    created_at: datetime
    updated_at: datetime | None
    given: Mapping[str, Any]
    closed: bool | None = None
    resolved_at: datetime | None = None
    first_responded_at: datetime | None = None
    events: Sequence[Event] = field(default=())


@dataclass(frozen=True, slots=True)
class Reading:
    """How to read rows: the zone of times that have none, and which statuses end a ticket (in any case)."""

    zone: str = "UTC"
    resolved: Sequence[str] = RESOLVED

    def closed(self, status: str | None) -> bool | None:
        """Whether a status ends a ticket; None without one."""
        return None if status is None else status.casefold() in {word.casefold() for word in self.resolved}


def read_row(raw: Mapping[str, str | None], reading: Reading, *, now: datetime) -> Row | list[str]:
    """The row, or a sentence for each fault. `raw` maps our fields to what the source has; missing ones are left out.

    An empty value is none.
    """
    faults: list[str] = []
    found: dict[str, Any] = {}
    for name, value in raw.items():
        try:
            found[name] = _value(name, value, reading, now)
        except Unfit as error:
            faults.append(f"{name}: {error}")
    faults += [f"{name}: it is empty" for name in REQUIRED if name not in found and not _told(name, faults)]
    faults += [f"{name}: it is empty" for name in REQUIRED if name in found and found[name] is None]
    return faults or _row(found, reading)


def instant(text: str, zone: str) -> datetime:
    """An instant such as 2026-11-21 12:00:00+01 or 2026-11-21T12:00Z; without an offset it is of `zone`.

    Raises Unfit. A time that the zone has twice is the first. 21.11.2026 12:00 is understood; with slashes nobody
    knows which is the month.
    """
    text = text.strip()
    try:
        dotted = DOTTED.fullmatch(text)
        at = datetime.fromisoformat("{2}-{1:0>2}-{0:0>2} {3}".format(*dotted.groups("00:00")) if dotted else text)
        return (at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Unfit(f"{text[:40]!r} is no time such as 2026-11-21 12:00:00+01:00") from None


def most(name: str) -> int:
    """How many characters a field may have, as a text."""
    return {"subject": TEXT, "url": TEXT, "tags": TAGS * WORD}.get(name, WORD)


def plain(text: str, most: int) -> str:
    """The text without blanks at its ends; raises Unfit for what cannot be stored."""
    if "\0" in text or any("\ud800" <= char <= "\udfff" for char in text):
        raise Unfit("it holds a character that cannot be stored")
    text = text.strip()
    if len(text) > most:
        raise Unfit(f"it is longer than {most:,} characters")
    return text


def past(at: datetime, now: datetime) -> datetime:
    """The instant, which may not lie ahead; raises Unfit."""
    if not EARLIEST <= at <= now + AHEAD:
        raise Unfit("it lies before 1970 or more than five minutes ahead")
    return at


def deadlines_of(found: Mapping[str, Any]) -> dict[str, str | None]:
    """The source's own deadlines by clock, and its policy, of those fields that it has."""
    due = {clock: found[name] for name, clock in DUE.items() if name in found}
    told = {clock: at.isoformat().replace("+00:00", "Z") if at else None for clock, at in due.items()}
    return {**told, **({"policy": found["sla_policy"]} if "sla_policy" in found else {})}


def _value(name: str, value: str | None, reading: Reading, now: datetime) -> Any:
    if value is None or not value.strip():
        return [] if name == "tags" else None
    if name in TIMES:
        at = instant(value, reading.zone)
        return past(at, now) if name in PAST else at
    if name == "tags":
        return _tags(value)
    text = plain(value, most(name))
    if name == "external_id" and not text.isprintable():
        raise Unfit("it holds a character that cannot be printed")
    return text


def _tags(value: str) -> list[str]:
    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        found = value
    words: Iterable[Any] = found if isinstance(found, list) else str(found).split(",")
    told = list(dict.fromkeys(plain(str(word), WORD) for word in words if str(word).strip()))
    if len(told) > TAGS:
        raise Unfit(f"there are more than {TAGS}")
    return told


def _told(name: str, faults: Sequence[str]) -> bool:
    return any(fault.startswith(f"{name}:") for fault in faults)


def _row(found: Mapping[str, Any], reading: Reading) -> Row:
    given = {name: found[name] for name in ("subject", *WORDS, "url", "tags") if name in found}
    if deadlines := deadlines_of(found):
        given["source_deadlines"] = deadlines
    closed, resolved_at = reading.closed(found.get("status")), found.get("resolved_at")
    if given.get("status", "") is None:
        del given["status"]
    if closed is None and "resolved_at" in found:
        closed = resolved_at is not None
    return Row(
        external_id=found["external_id"], created_at=found["created_at"], updated_at=found.get("updated_at"),
        given=given, closed=closed, resolved_at=resolved_at, first_responded_at=found.get("first_responded_at"),
    )  # fmt: skip
