"""The pages of business calendars: all of them, and one with its week, its coming days and its versions."""

from typing import Any, Final

from flask import Response, request, url_for

from console.infra import clock
from console.infra.actor import Role
from console.tickets.models import CalendarVersion, SlaCalendar
from console.tickets.queries import promises as reads
from console.tickets.queries import versions
from console.tickets.rules import calendar, week
from console.tickets.rules.hours import Hours
from console.tickets.rules.instants import micros
from console.tickets.rules.written import dated_text
from console.tickets.views.blueprint import bp
from console.web import live
from console.web.auth import current_actor, requires
from console.web.htmx import page

# A rebuild's progress is a job's, whose room is the queues'.
ROOMS: Final = ("tickets", "queues", "alerts")
COMING: Final = 14
LISTED: Final = 50


@bp.get("/tickets/calendars")
@requires(Role.VIEWER)
def calendars() -> Response:
    """Calendars by name, each with its week."""
    return live.not_modified(*ROOMS) or page("tickets/calendars.html", "calendar_list", **_listing())


@bp.get("/tickets/calendars/<name>")
@requires(Role.VIEWER)
def calendar_page(name: str) -> Response:
    """One calendar as it holds."""
    if unchanged := live.not_modified(*ROOMS):
        return unchanged
    found = reads.get_calendar(name)
    return page("tickets/calendar.html", "calendar_board", **_one(found, reads.calendar_version(found)))


@bp.get("/tickets/calendars/<name>/versions/<int:number>")
@requires(Role.VIEWER)
def calendar_version(name: str, number: int) -> Response:
    """One calendar as it was."""
    found = reads.get_calendar(name)
    return page("tickets/calendar.html", **_one(found, versions.calendar_at(found, number)))


def may_change() -> bool:
    """Whether the reader may change promises."""
    role = current_actor().role
    return role is not None and role.includes(Role.ADMIN)


def fortnight(body: dict[str, Any]) -> list[week.Row]:
    """The next days of a calendar from today in its own zone."""
    hours = Hours(calendar.read(body))
    return week.coming(hours, hours.local(micros(clock.now())).date(), COMING)


def _listing() -> dict[str, Any]:
    found = reads.calendars(limit=LISTED, cursor=request.args.get("cursor"))
    known, users = versions.current_versions(found.items), versions.users_of(found.items)
    return {
        "rows": [(one, known[one.id], users[one.id], *_week(known[one.id].body)) for one in found.items],
        "more": url_for(".calendars", cursor=found.next_cursor) if found.next_cursor else "",
        "here": request.full_path,
        "may_change": may_change(),
        "edit": versions.latest_edit(),
    }


def _one(found: SlaCalendar, version: CalendarVersion) -> dict[str, Any]:
    rows, weekly = _week(version.body)
    return {
        "calendar": found,
        "version": version,
        "current": version.number == found.version,
        "week": rows,
        "weekly": weekly,
        "coming": fortnight(version.body),
        "exceptions": dated_text(version.body["exceptions"]).splitlines(),
        "versions": versions.calendar_versions(found),
        "users": versions.users_of([found])[found.id],
        "in_use": versions.open_by_calendar(found),
        "may_change": may_change(),
        "edit": versions.latest_edit(),
    }


def _week(body: dict[str, Any]) -> tuple[list[week.Row], str]:
    days = calendar.read(body).week
    return week.week(days), week.weekly(days)
