"""Why a deadline is where it is, over the API."""

from datetime import date, datetime
from typing import Literal

from flask import Response
from pydantic import BaseModel

from console.infra import clock
from console.infra.actor import Scope
from console.infra.errors import NotFound
from console.tickets.api.shared import bp, reply
from console.tickets.queries import tickets as reads
from console.tickets.queries.why import Why, why
from console.tickets.rules.explain import Day, Part
from console.tickets.rules.instants import MINUTE, instant
from console.web.auth import requires_scope
from console.web.inputs import query
from console.web.openapi import describe


class Asked(BaseModel):
    """Which clock."""

    clock: Literal["first_response", "next_response", "resolution"] = "resolution"


class PartOut(BaseModel):
    """Open time that counted, or was `held` in this status (or "resolved")."""

    begin: datetime
    end: datetime
    minutes: float
    held: str | None

    @classmethod
    def of(cls, part: Part) -> "PartOut":
        """As it was."""
        return cls(begin=instant(part.begin), end=instant(part.end), minutes=part.length / MINUTE, held=part.held)


class DayOut(BaseModel):
    """A local day: the holiday that closes it, whether it has hours of its own, what counted, and the total so far."""

    day: date
    holiday: str | None
    exception: bool
    parts: list[PartOut]
    counted_minutes: float
    total_minutes: float

    @classmethod
    def of(cls, day: Day) -> "DayOut":
        """As it was."""
        return cls(
            day=day.day,
            holiday=day.holiday,
            exception=day.exception,
            parts=[PartOut.of(part) for part in day.parts],
            counted_minutes=day.counted / MINUTE,
            total_minutes=day.total / MINUTE,
        )


class ExplanationOut(BaseModel):
    """A clock from its beginning to its deadline, its end, or now while it is paused, and by which versions."""

    clock: str
    policy: str
    policy_version: int
    calendar: str
    calendar_version: int
    timezone: str
    target_minutes: float | None
    begin: datetime
    end: datetime
    days: list[DayOut]

    @classmethod
    def of(cls, name: str, found: Why) -> "ExplanationOut":
        """As it stands."""
        promise, target = found.promise, found.clock.target
        return cls(
            clock=name,
            policy=promise.name,
            policy_version=promise.policy_number,
            calendar=promise.calendar,
            calendar_version=promise.calendar_number,
            timezone=promise.hours.calendar.timezone,
            target_minutes=None if target is None else target / MINUTE,
            begin=found.begin,
            end=found.end,
            days=[DayOut.of(day) for day in found.days],
        )


@bp.get("/sla/explanations/<source>/<path:external_id>")
@requires_scope(Scope.READ)
@describe(
    "Why a deadline is where it is, day by day",
    query=Asked,
    reply=ExplanationOut,
    problems={404: "There is no such ticket, or this clock never ran"},
)
def explanation(source: str, external_id: str) -> Response:
    """One clock of a ticket."""
    asked = query(Asked)
    found = why(reads.get(source, external_id), asked.clock, now=clock.now())
    if found is None:
        raise NotFound("This clock of the ticket never ran: there is no policy, no target, or no message to answer.")
    return reply(ExplanationOut.of(asked.clock, found))
