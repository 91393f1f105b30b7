"""What a message says, before it takes the form of a channel."""

import re
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

WORST_FIRST: Final = ("critical", "error", "warning", "info")
SUBJECT_LENGTH: Final = 160
# Line breaks would forge headers of a mail, directional marks would turn words around.
_UNFIT = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")


class About(StrEnum):
    """Why a message is sent; the value is the `type` that webhooks read."""

    OPENED = "alert.opened"
    REMINDER = "alert.reminder"
    FLAPPING = "alert.flapping"
    SETTLED = "alert.settled"
    SUMMARY = "alerts.summary"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Told:
    """One alert as a message tells it. `acknowledge_url` is one person's and works once.

    `news` is "flapping" or "settled" when that is what is told, and `why` its sentence.
    """

    id: int
    service: str
    environment: str
    task: str
    title: str
    severity: str
    status: str
    count: int
    first_seen: datetime
    last_seen: datetime
    url: str
    opening: int
    step: int
    runbook_url: str | None = None
    acknowledged_by: str | None = None
    acknowledge_url: str | None = None
    tags: Mapping[str, Any] = field(default_factory=dict)
    news: str | None = None
    why: str | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """One message to one recipient. `total` counts all alerts it tells, `alerts` names the worst of them."""

    uid: uuid.UUID
    at: datetime
    home: str
    alerts: Sequence[Told] = ()
    total: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def about(self) -> About:
        """Why it is sent."""
        if not self.alerts:
            return About.TEST
        if self.total > 1:
            return About.SUMMARY
        if news := self.alerts[0].news:
            return About(f"alert.{news}")
        return About.REMINDER if self.alerts[0].step else About.OPENED

    @property
    def worst(self) -> str:
        """The worst severity in it; "info" for a test."""
        return next((word for word in WORST_FIRST if self.counts.get(word)), "info")


_SPECIAL: Final = {"flapping": "is flapping: ", "settled": "has settled, {status}: "}


def message(uid: uuid.UUID, at: datetime, home: str, told: Sequence[Told], *, named: int) -> Message:
    """A message of all of `told`, which names the worst and newest `named` of them."""
    order = sorted(told, key=lambda one: (WORST_FIRST.index(one.severity), -one.last_seen.timestamp(), one.id))
    return Message(uid, at, home, order[:named], len(order), Counter(one.severity for one in order))


def line(text: str, length: int = SUBJECT_LENGTH) -> str:
    """Any text as one harmless line."""
    flat = " ".join(_UNFIT.sub(" ", text).split())
    return flat if len(flat) <= length else flat[: length - 1] + "…"


def headline(told: Message) -> str:
    """The message in one line."""
    if told.about is About.TEST:
        return "Test message from the console"
    if told.about is About.SUMMARY:
        return f"[{told.worst}] {told.total:,} alerts: {_counted(told)}"
    one = told.alerts[0]
    again = _SPECIAL.get(one.news or "", f"still {one.status}: " if one.step else "").format(status=one.status)
    return line(f"[{one.severity}] {one.service}: {again}{one.title}")


def lead(told: Message) -> str:
    """One sentence on why it comes."""
    if told.about is About.TEST:
        return "Somebody pressed “Send a test” in the console. This channel works."
    if told.about is About.SUMMARY:
        return f"{told.total:,} alerts opened close together or while this channel could not be reached."
    one = told.alerts[0]
    if told.about is About.FLAPPING:
        return f"{one.why} It is {one.status} at the moment. You hear of it again when it has settled, or gets worse."
    if told.about is About.SETTLED:
        return f"{one.why} It is {one.status} now."
    if one.step:
        return f"Nobody has acknowledged this alert yet; this is reminder {one.step}."
    return {"open": "This alert is open and nobody has it.", "acknowledged": f"{one.acknowledged_by} has it."}.get(
        one.status, f"This alert opened and is {one.status} by now."
    )


def facts(one: Told) -> list[tuple[str, str]]:
    """What of an alert is worth a line, with its name."""
    found = [
        ("Service", f"{one.service}, {one.environment}"),
        ("Task", one.task),
        ("Severity", one.severity),
        ("State", one.status),
        ("Failures", f"{one.count:,} since {_utc(one.first_seen)}, last {_utc(one.last_seen)}"),
        ("Runbook", one.runbook_url or ""),
    ]
    return [(name, line(value, 300)) for name, value in found if value]


def _counted(told: Message) -> str:
    return ", ".join(f"{told.counts[word]:,} {word}" for word in WORST_FIRST if told.counts.get(word))


def _utc(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
