"""What admins do to calendars: write them, look at what a save would do, save, delete."""

from typing import Any, Final
from zoneinfo import available_timezones

from flask import Response, make_response, redirect, request, url_for

from console.infra import clock
from console.infra.actor import Role
from console.infra.errors import Fault, Invalid
from console.tickets import jobs
from console.tickets.actions import promises
from console.tickets.client import country, ics
from console.tickets.models import SlaCalendar
from console.tickets.queries import promises as reads
from console.tickets.queries import versions
from console.tickets.rules import calendar, week
from console.tickets.views import calendar_form as form
from console.tickets.views import dry_runs
from console.tickets.views.blueprint import bp
from console.tickets.views.calendars import fortnight
from console.web import filters, htmx
from console.web.auth import current_actor, requires
from console.web.security import takes_files

TEMPLATE: Final = "tickets/calendar_form.html"
# The largest file, and the rest of the form.
FORM_MOST: Final = ics.MOST_BYTES + 1_000_000


@bp.get("/tickets/new-calendar")
@requires(Role.ADMIN)
def new_calendar() -> Response:
    """Office hours to begin with."""
    return _form(None, form.blank(clock.now().year, filters.zone().key))


@bp.post("/tickets/new-calendar")
@takes_files(FORM_MOST)
@requires(Role.ADMIN)
def create_calendar() -> Response:
    """Whatever button was pressed."""
    return _pressed(None)


@bp.get("/tickets/calendars/<name>/edit")
@requires(Role.ADMIN)
def edit_calendar(name: str) -> Response:
    """The form with what holds."""
    found = reads.get_calendar(name)
    return _form(found, form.stored(reads.calendar_version(found).body, found.version, clock.now().year))


@bp.post("/tickets/calendars/<name>/edit")
@takes_files(FORM_MOST)
@requires(Role.ADMIN)
def change_calendar(name: str) -> Response:
    """Whatever button was pressed."""
    return _pressed(reads.get_calendar(name))


@bp.get("/tickets/regions")
@requires(Role.VIEWER)
def regions() -> Response:
    """The regions of a country, for the form's completion."""
    code = request.args.get("country", "")
    known = country.regions(code) if code in dict(country.countries()) else ()
    return htmx.page("tickets/regions.html", "region_list", regions=known)


@bp.get("/tickets/calendars/<name>/deletion")
@requires(Role.ADMIN)
def calendar_deletion(name: str) -> Response:
    """The question, or why not."""
    found = reads.get_calendar(name)
    return htmx.page("tickets/calendar_deletion.html", "question", calendar=found, users=reads.policies_using(found))


@bp.post("/tickets/calendars/<name>/delete")
@requires(Role.ADMIN)
def delete_calendar(name: str) -> Response:
    """Delete it."""
    promises.delete_calendar(reads.get_calendar(name), by=current_actor(), at=clock.now())
    htmx.toast(f"Calendar {name} is deleted. Its versions stay with what was counted by them.")
    return make_response(redirect(url_for(".calendars"), 303))


def _pressed(found: SlaCalendar | None) -> Response:
    given = form.typed(request.form, clock.now().year)
    button = request.form.get("do", "dry")
    try:
        if button in BESIDE:
            given, said = BESIDE[button](given)
            return _form(found, given, said=said)
        name, wanted = _wanted(found, given)
        if button == "save" and (found is None or dry_runs.seen(request.form, wanted)):
            return _save(name, wanted)
        ran = dry_runs.asked(request.form) or jobs.ask_preview(jobs.CALENDAR, name, None, wanted, by=current_actor())
    except Invalid as refusal:
        return _form(found, given, refusal=refusal)
    said = dry_runs.MOVED if button == "save" else ""
    return _form(found, given, said=said, ran=dry_runs.shown(ran), looked=dry_runs.digest(wanted))


def _wanted(found: SlaCalendar | None, given: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    name = found.name if found else dry_runs.named(given, "calendar", reads.find_calendar)
    if found is not None:
        dry_runs.check_version(found, given, saved_by=reads.calendar_version(found).saved_by)
    return name, form.body_of(given)


def _save(name: str, wanted: dict[str, Any]) -> Response:
    saved = promises.put_calendar(name, wanted, by=current_actor(), at=clock.now())
    return dry_runs.after_save(saved, reads.get_calendar(name).version, url_for(".calendar_page", name=name))


def _country(given: dict[str, Any]) -> tuple[dict[str, Any], str]:
    found = country.of(given["country"], given["region"] or None, form.years(given))
    made, new = form.with_holidays(given, ((day, name, True) for day, name in found))
    return made, f"{new} added of {len(found)} holidays; nothing is saved yet."


def _file(given: dict[str, Any]) -> tuple[dict[str, Any], str]:
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        raise Invalid("There is no file.", errors=[Fault("/file", "Choose a file first.")])
    years = form.years(given)
    country.check_years(years)
    with sent.stream as stream:
        found = ics.read(stream.read(ics.MOST_BYTES + 1), years)
    made, new = form.with_holidays(given, ((each.date, each.name, each.enabled) for each in found.days))
    left = f", {found.left_out} events left out: no whole days, or not readable" if found.left_out else ""
    return made, f"{new} added of {len(found.days)} days in {years[0]} to {years[-1]}{left}; nothing is saved yet."


def _one(given: dict[str, Any]) -> tuple[dict[str, Any], str]:
    made, new = form.with_holidays(given, [form.one_day(given)])
    return {**made, "new_date": "", "new_name": ""}, "Added." if new else "This day was there already."


def _pruned(given: dict[str, Any]) -> tuple[dict[str, Any], str]:
    kept = [day for day in given["holidays"] if day["enabled"]]
    return {**given, "holidays": kept}, f"{len(given['holidays']) - len(kept)} removed."


def _copied(given: dict[str, Any]) -> tuple[dict[str, Any], str]:
    return form.copied({**given, **{name: request.form.get(name, "") for name in ("from", "to")}}), "Copied."


def _drawn(given: dict[str, Any]) -> tuple[dict[str, Any], str]:
    return given, ""


BESIDE: Final = {
    "country": _country, "file": _file, "one": _one, "prune": _pruned, "copy": _copied, "draw": _drawn,
}  # fmt: skip


def _form(
    found: SlaCalendar | None,
    given: dict[str, Any],
    *,
    said: str = "",
    refusal: Invalid | None = None,
    ran: dry_runs.Ran | None = None,
    looked: str = "",
) -> Response:
    rows = form.week(given)
    try:
        body: dict[str, Any] | None = form.body_of(given)
    except Invalid:
        body = None
    return htmx.page(
        TEMPLATE,
        "drawing" if request.form.get("do") == "draw" else (),
        status=refusal.status if refusal else 200,
        calendar=found,
        typed=given,
        said=said,
        faults=form.by_field(refusal) if refusal else {},
        week=rows,
        weekly=week.weekly(calendar.read(body).week) if body else "",
        coming=fortnight(body) if body else [],
        ran=ran,
        looked=looked,
        zones=sorted(available_timezones()),
        countries=[("", "Choose a country"), *country.countries()],
        regions=country.regions(given["country"]) if given["country"] in dict(country.countries()) else (),
        days=list(week.NAMES.items()),
        targets=form.TO_WORDS,
        in_use=versions.open_by_calendar(found) if found else 0,
    )
