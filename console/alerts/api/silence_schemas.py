"""Silences and maintenance windows as the API shows them, and what a POST or PUT takes."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from console.alerts.api.schemas import AlertOut, PageIn
from console.alerts.models import Silence
from console.alerts.queries.silences import Preview
from console.alerts.rules.silences.matchers import Matcher, Op
from console.alerts.rules.silences.wanted import MAX_NAME, Wanted, of_service
from console.web.inputs import Utc

StateWord = Literal["pending", "active", "expired"]
Name = Annotated[str, Field(min_length=1, max_length=MAX_NAME, pattern=r"^[^\x00]+$")]
FIELD = "service, environment, severity, task, exception_type, title, source, or tags. and a tag's name"


class MatcherIO(BaseModel):
    """One condition on an alert. `=~` and `!~` take RE2's regular expressions, which must fit the whole text."""

    model_config = ConfigDict(extra="forbid")

    field: str = Field(max_length=300, description=FIELD)
    op: Literal["=", "!=", "=~", "!~"] = "="
    value: str = Field(description="What an alert does not have is the empty text")

    def matcher(self) -> Matcher:
        """What the rules take."""
        return Matcher(self.field, Op(self.op), self.value)


class SilenceIn(BaseModel):
    """All matchers must hold. Without `starts_at` it begins now, as it does with one in the past."""

    model_config = ConfigDict(extra="forbid")

    matchers: list[MatcherIO]
    starts_at: Utc | None = None
    ends_at: Utc
    reason: str

    def wanted(self) -> Wanted:
        """What the actions take."""
        return Wanted([one.matcher() for one in self.matchers], self.ends_at, self.reason, self.starts_at)


class WindowIn(BaseModel):
    """A planned period of a service. `repeats` weekly: on the same weekday, by the clocks of `timezone`."""

    model_config = ConfigDict(extra="forbid")

    service: Name
    environment: Name | None = Field(None, description="Left out: all of them")
    starts_at: Utc | None = None
    ends_at: Utc
    repeats: Literal["weekly"] | None = None
    timezone: str | None = Field(None, max_length=100, description="IANA zone of what repeats; UTC if none is named")
    repeat_until: Utc | None = None
    reason: str

    def wanted(self) -> Wanted:
        """What the actions take."""
        asked, weekly_in = of_service(self.service, self.environment), self.timezone or "UTC" if self.repeats else None
        return Wanted(asked, self.ends_at, self.reason, self.starts_at, weekly_in, self.repeat_until)


class SilenceListIn(PageIn):
    """A page of those in one state, or in any."""

    state: StateWord | None = None


class _Shared(BaseModel):
    id: int
    state: StateWord
    starts_at: datetime
    ends_at: datetime
    reason: str
    created_by: str
    created_at: datetime
    updated_at: datetime
    expired_by: str | None


class SilenceOut(_Shared):
    """Who is not told of what. `expired_by` ended it before its time."""

    matchers: list[MatcherIO]

    @classmethod
    def of(cls, found: Silence, now: datetime) -> Self:
        """A silence as it stands at `now`."""
        matchers = [MatcherIO.model_validate(one) for one in found.matchers]
        return cls.model_construct(**_told(found), state=found.span.state(now).value, matchers=matchers)


class Turn(BaseModel):
    """One of the times of a window."""

    starts_at: datetime
    ends_at: datetime


class WindowOut(_Shared):
    """A planned period. `turn` is the time that runs, or else the next one; null when all are over."""

    service: str
    environment: str | None
    repeats: Literal["weekly"] | None
    timezone: str | None
    repeat_until: datetime | None
    turn: Turn | None

    @classmethod
    def of(cls, found: Silence, now: datetime) -> Self:
        """A window as it stands at `now`."""
        turn, asked = found.span.turn(now), {one.field: one.value for one in found.asks}
        return cls.model_construct(
            **_told(found),
            state=found.span.state(now).value,
            service=asked["service"],
            environment=asked.get("environment"),
            repeats="weekly" if found.weekly_in else None,
            timezone=found.weekly_in,
            repeat_until=found.repeat_until,
            turn=Turn(starts_at=turn[0], ends_at=turn[1]) if turn else None,
        )


def _told(found: Silence) -> dict[str, Any]:
    return {name: getattr(found, name) for name in _Shared.model_fields if name != "state"}


class SilencePage(BaseModel):
    """Silences, the newest first."""

    items: list[SilenceOut]
    next_cursor: str | None


class WindowPage(BaseModel):
    """Maintenance windows, the newest first."""

    items: list[WindowOut]
    next_cursor: str | None


class SilencePreviewIn(BaseModel):
    """Matchers that somebody thinks of."""

    model_config = ConfigDict(extra="ignore")

    matchers: list[MatcherIO]


class WindowPreviewIn(BaseModel):
    """A service, in one environment or in all, that somebody thinks of."""

    model_config = ConfigDict(extra="ignore")

    service: Name
    environment: Name | None = None


class SilencePreviewOut(BaseModel):
    """What would be hidden now: how many alerts that are not resolved, and the worst twenty.

    `complete` is false when 10,000 were looked at and there are more: then `count` is the least it can be.
    """

    count: int
    complete: bool
    items: list[AlertOut]

    @classmethod
    def of(cls, found: Preview, now: datetime) -> Self:
        """A preview made at `now`."""
        items = AlertOut.all(found.alerts, now)
        return cls.model_construct(count=found.count, complete=found.complete, items=items)
