"""What programs and pages send: calendars, policies and tickets, each read by one model."""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from console.infra.errors import Fault, Invalid
from console.tickets.actions.tickets import PLAIN, SAID, TicketWanted
from console.tickets.rules.history import Event, Kind
from console.web.inputs import Utc

NAME: Final = re.compile(r"[^\x00-\x1f/\\]{1,100}")
EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
# Clocks of senders differ by so much; and whoever cuts off fractions of a second is not in the past.
AHEAD: Final = timedelta(minutes=5)
CUT: Final = timedelta(seconds=1)
# Of a policy: ten years.
LONGEST: Final = 5_256_000
ID_MOST: Final = 200
# What a GET says and a PUT need not repeat.
SHOWN: Final = frozenset({"name", "version", "created_at", "updated_at"})
GIVEN: Final = frozenset({*PLAIN, *SAID, "status"})
VALUES: Final = {Kind.STATUS: "status", Kind.PRIORITY: "priority", Kind.ASSIGNED: "assignee"}


def _storable(text: str) -> str:
    if "\0" in text or (not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text)):
        raise ValueError("It holds a character that cannot be stored")
    return text


def _own(given: Any) -> Any:
    """Without what only a GET says; a null is the same as a field left out."""
    if not isinstance(given, dict):
        return given
    return {key: value for key, value in given.items() if key not in SHOWN and value is not None}


def _words(limit: int, *, least: int = 1) -> Any:
    return StringConstraints(min_length=least, max_length=limit, strip_whitespace=True)


def _address(text: str) -> str:
    # It becomes a link on our pages.
    if not text.lower().startswith(("http://", "https://")):
        raise ValueError("Give an address that begins with http:// or https://")
    return text


Word = Annotated[str, _words(200), AfterValidator(_storable)]
Text = Annotated[str, _words(2_000), AfterValidator(_storable)]
Minutes = Annotated[float, Field(gt=0, le=LONGEST, strict=True, allow_inf_nan=False)]
Interval = Annotated[list[str], Field(min_length=2, max_length=2)]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Intervals = Annotated[list[Interval], Field(max_length=48)]


class HolidayIn(BaseModel):
    """A day on which the calendar is closed, unless it is switched off by `enabled`."""

    model_config = ConfigDict(extra="forbid")

    date: date
    name: Annotated[str, _words(200, least=0), AfterValidator(_storable)] = ""
    enabled: bool = True


class CalendarIn(BaseModel):
    """Business hours in a time zone. A day left out is closed; `exceptions` beat holidays; "24:00" ends a day."""

    model_config = ConfigDict(extra="forbid")

    timezone: str = Field(max_length=100)
    hours: dict[Day, Intervals]
    holidays: list[HolidayIn] = Field(default=[], max_length=5_000)
    exceptions: dict[date, Intervals] = Field(default={}, max_length=2_000)

    _shown = model_validator(mode="before")(_own)

    def body(self) -> dict[str, Any]:
        """As it is stored and shown."""
        holidays = [{"date": day.date.isoformat(), "name": day.name, "enabled": day.enabled} for day in self.holidays]
        for day in holidays:
            if day["enabled"]:
                del day["enabled"]
        return {
            "timezone": self.timezone,
            "hours": dict(self.hours),
            "holidays": holidays,
            "exceptions": {day.isoformat(): given for day, given in sorted(self.exceptions.items())},
        }


class MatchIn(BaseModel):
    """Which tickets a policy is for. What is left out or empty matches all; of `tags` any one must be there."""

    model_config = ConfigDict(extra="forbid")

    organization: list[Word] = Field(default=[], max_length=1_000)
    priority: list[Word] = Field(default=[], max_length=100)
    tags: list[Word] = Field(default=[], max_length=100)
    source: list[Word] = Field(default=[], max_length=100)


class TargetsIn(BaseModel):
    """Business minutes, fractions allowed. Of a priority, what is left out is the default's, and null is no target."""

    model_config = ConfigDict(extra="forbid")

    first_response: Minutes | None = None
    next_response: Minutes | None = None
    resolution: Minutes | None = None


class RiskIn(BaseModel):
    """When a clock is at risk: at this share of its target still left, or at so many minutes. Give one of them."""

    model_config = ConfigDict(extra="forbid")

    fraction: Annotated[float, Field(ge=0, le=1, strict=True, allow_inf_nan=False)] | None = None
    minutes: Annotated[float, Field(ge=0, le=LONGEST, strict=True, allow_inf_nan=False)] | None = None

    @model_validator(mode="after")
    def _one(self) -> "RiskIn":
        if (self.fraction is None) == (self.minutes is None):
            raise ValueError("Give either fraction or minutes")
        return self


class PolicyIn(BaseModel):
    """A promise: which tickets, by which calendar, how soon. The first by `position` that matches a ticket decides."""

    model_config = ConfigDict(extra="forbid")

    calendar: Word
    position: int | None = Field(None, ge=0, le=1_000_000, description="Left out: it keeps its own, or comes last.")
    match: MatchIn = MatchIn()
    targets: dict[Word, TargetsIn] = Field(min_length=1, max_length=100)
    paused_statuses: list[Word] = Field(default=[], max_length=100)
    at_risk: RiskIn = RiskIn(fraction=0.25)

    _shown = model_validator(mode="before")(_own)

    def body(self) -> dict[str, Any]:
        """As it is stored and shown, without the position; targets that were left out stay so."""
        return {
            "calendar": self.calendar,
            "match": self.match.model_dump(exclude_unset=True),
            "targets": {name: given.model_dump(exclude_unset=True) for name, given in self.targets.items()},
            "paused_statuses": self.paused_statuses,
            "at_risk": self.at_risk.model_dump(exclude_none=True),
        }


def _as_text(given: Any) -> Any:
    return str(given) if isinstance(given, int) and not isinstance(given, bool) else given


class EventIn(BaseModel):
    """Something that happened to a ticket; `id` is unique within it. Fields that are not named here are ignored."""

    model_config = ConfigDict(extra="ignore")

    id: Annotated[Word, BeforeValidator(_as_text)]
    at: Utc
    type: Kind
    status: Word | None = None
    priority: Word | None = None
    assignee: Word | None = None

    @model_validator(mode="after")
    def _says(self) -> "EventIn":
        if self.type in {Kind.STATUS, Kind.PRIORITY} and getattr(self, VALUES[self.type]) is None:
            raise ValueError(f"An event of type {self.type.value} needs its {VALUES[self.type]}")
        return self

    def event(self) -> Event:
        """As the rules read it."""
        return Event(self.id, self.at, self.type, getattr(self, VALUES[self.type]) if self.type in VALUES else None)


class TicketIn(BaseModel):
    """A ticket as its source tells of it. What is left out stays as it was; events add up, by their ids."""

    model_config = ConfigDict(extra="ignore")

    subject: Text
    created_at: Utc
    updated_at: Utc | None = None
    initial_status: Word | None = None
    status: Word | None = None
    priority: Word | None = None
    organization: Word | None = None
    requester: Word | None = None
    assignee: Word | None = None
    group: Word | None = None
    tags: list[Word] | None = Field(None, max_length=100)
    url: Annotated[Text, AfterValidator(_address)] | None = None
    events: list[EventIn] = Field(default=[], max_length=10_000)

    def wanted(self, source: str, external_id: str, *, now: datetime) -> TicketWanted:
        """What the action takes; raises Invalid for times that cannot be."""
        if faults := list(self._time_faults(now)):
            raise Invalid("The ticket breaks a rule; see errors.", errors=faults)
        names = self.model_fields_set & GIVEN
        given = {name: getattr(self, name) for name in names}
        for name, left in (("tags", []), ("initial_status", None)):
            if name in given and given[name] is None:
                given[name] = left
        if given.get("initial_status", "") is None:
            del given["initial_status"]
        events = [each.event() for each in self.events]
        return TicketWanted(source, external_id, self.created_at, self.updated_at, given, events)

    def _time_faults(self, now: datetime) -> Iterable[Fault]:
        for name in ("created_at", "updated_at"):
            at = getattr(self, name)
            if at is not None and not EARLIEST <= at <= now + AHEAD:
                yield Fault(f"/{name}", "It lies before 1970 or more than five minutes ahead.")
        for index, event in enumerate(self.events):
            if event.at > now + AHEAD:
                yield Fault(f"/events/{index}/at", "It lies more than five minutes ahead.")
            elif event.at < self.created_at - CUT:
                yield Fault(f"/events/{index}/at", "It lies before the ticket was created.")


def name(text: str, what: str = "name") -> str:
    """A name that can stand in an address; raises Invalid."""
    if not NAME.fullmatch(text) or text != text.strip() or not text:
        sentence = "1 to 100 printable characters, without slashes, and no blank at its ends."
        raise Invalid(f"This is no {what}.", errors=[Fault(f"/{what}", sentence)])
    return text
