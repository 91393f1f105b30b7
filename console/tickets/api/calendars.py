"""Business calendars over the API."""

from datetime import datetime
from typing import Any

from flask import Response, make_response
from pydantic import BaseModel

from console.infra import clock
from console.infra.actor import Scope
from console.tickets import forms, jobs
from console.tickets.actions import promises
from console.tickets.api.shared import Part, bp, reply
from console.tickets.forms import CalendarIn
from console.tickets.models import SlaCalendar
from console.tickets.queries import promises as reads
from console.web.auth import current_actor, requires_scope
from console.web.inputs import body, query
from console.web.openapi import describe


class CalendarOut(BaseModel):
    """A calendar in the version that holds."""

    name: str
    timezone: str
    hours: dict[str, list[list[str]]]
    holidays: list[dict[str, Any]]
    exceptions: dict[str, list[list[str]]]
    version: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, found: SlaCalendar) -> "CalendarOut":
        """As it is now."""
        told = {name: getattr(found, name) for name in ("name", "version", "created_at", "updated_at")}
        return cls(**told, **reads.calendar_version(found).body)


class CalendarPage(BaseModel):
    """Calendars by name."""

    items: list[CalendarOut]
    next_cursor: str | None


@bp.get("/sla/calendars")
@requires_scope(Scope.READ)
@describe("Business calendars, by name", query=Part, reply=CalendarPage)
def list_calendars() -> Response:
    """A page of calendars."""
    wanted = query(Part)
    page = reads.calendars(limit=wanted.limit, cursor=wanted.cursor)
    return reply(CalendarPage(items=[CalendarOut.of(one) for one in page.items], next_cursor=page.next_cursor))


@bp.get("/sla/calendars/<name>")
@requires_scope(Scope.READ)
@describe("One business calendar", reply=CalendarOut)
def get_calendar(name: str) -> Response:
    """One calendar."""
    return reply(CalendarOut.of(reads.get_calendar(name)))


@bp.put("/sla/calendars/<name>")
@requires_scope(Scope.ADMIN)
@describe("Make or change a business calendar; open tickets are counted anew", body=CalendarIn, reply=CalendarOut)
def put_calendar(name: str) -> Response:
    """A new version, unless it says what the last one said."""
    wanted = body(CalendarIn).body()
    saved = promises.put_calendar(forms.name(name), wanted, by=current_actor(), at=clock.now())
    jobs.carry_on(saved.rebuild, by=current_actor())
    return reply(CalendarOut.of(reads.get_calendar(name)), 201 if saved.new else 200)


@bp.delete("/sla/calendars/<name>")
@requires_scope(Scope.ADMIN)
@describe("Delete a business calendar", status=204, problems={409: "A policy counts by it"})
def delete_calendar(name: str) -> Response:
    """Its versions stay with what was counted by them."""
    promises.delete_calendar(reads.get_calendar(name), by=current_actor(), at=clock.now())
    return make_response("", 204)
