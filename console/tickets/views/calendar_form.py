"""The form of a calendar: what is typed, what it means, and what its buttons beside Save do to it."""

from collections.abc import Iterable, Mapping
from datetime import date
from difflib import get_close_matches
from typing import Any, Final
from zoneinfo import available_timezones

from pydantic import ValidationError
from werkzeug.datastructures import MultiDict

from console.infra.errors import Fault, Invalid
from console.tickets import forms
from console.tickets.actions.promises import check_calendar
from console.tickets.rules import calendar, written
from console.tickets.rules.calendar import DAYS
from console.tickets.rules.week import NAMES, Row, day_row
from console.web.inputs import faults_of

TO: Final = {"weekdays": DAYS[:5], "all": DAYS, "weekend": DAYS[5:]}
TO_WORDS: Final = (("weekdays", "Monday to Friday"), ("all", "every day"), ("weekend", "Saturday and Sunday"))
# A name, a time zone's name, a country: what nobody types longer.
WORD_MOST: Final = 200


def blank(year: int, zone: str) -> dict[str, Any]:
    """What a new calendar's form shows: office hours of the reader's zone."""
    hours = {day: "09:00-17:00" if day in TO["weekdays"] else "" for day in DAYS}
    return {**hours, "name": "", "timezone": zone, "holidays": [], "exceptions": "", "version": 0, **_beside(year)}


def stored(body: Mapping[str, Any], version: int, year: int) -> dict[str, Any]:
    """What is there."""
    hours = {day: written.hours_text(body["hours"].get(day, [])) for day in DAYS}
    holidays = [{"enabled": True, **day} for day in sorted(body["holidays"], key=lambda day: str(day["date"]))]
    rest = {"exceptions": written.dated_text(body["exceptions"]), "holidays": holidays, "version": version}
    return {**hours, "timezone": body["timezone"], **rest, **_beside(year)}


def typed(form: MultiDict[str, str], year: int) -> dict[str, Any]:
    """What was typed, for the form that is shown again."""
    words = {name: form.get(name, "").replace("\0", "")[:WORD_MOST] for name in ("name", "timezone")}
    hours = {day: form.get(day, "") for day in DAYS}
    beside = {name: form.get(name, "").strip()[:WORD_MOST] or known for name, known in _beside(year).items()}
    version = form.get("version", "")
    rest = {"exceptions": form.get("exceptions", ""), "holidays": _holidays(form)}
    number = int(version) if version.isdecimal() and len(version) < 9 else 0  # noqa: PLR2004
    return {**words, **hours, **rest, **beside, "version": number}


def body_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """The calendar that a form means. Raises Invalid with a pointer for each fault."""
    faults: list[Fault] = []
    hours: dict[str, Any] = {}
    for day in DAYS:
        try:
            hours[day] = written.hours(given[day])
        except ValueError as error:
            faults.append(Fault(f"/hours/{day}", str(error)))
    try:
        exceptions = written.dated(given["exceptions"])
    except ValueError as error:
        faults.append(Fault("/exceptions", str(error)))
        exceptions = {}
    wanted = {"timezone": given["timezone"].strip(), "hours": {day: found for day, found in hours.items() if found}}
    body = {**wanted, "exceptions": exceptions, "holidays": given["holidays"]}
    return _checked(body, faults)


def _checked(body: dict[str, Any], faults: list[Fault]) -> dict[str, Any]:
    try:
        found = forms.CalendarIn.model_validate(body).body()
    except ValidationError as error:
        faults += faults_of(error.errors(include_url=False, include_input=False))
        found = None
    try:
        check_calendar(body)
    except Invalid as refusal:
        # A day that cannot be read is a fault already; that nothing is open follows from it.
        faults += [each for each in refusal.errors if not (faults and each.pointer == "/hours")]
    if faults or found is None:
        raise Invalid("The calendar breaks a rule.", errors=[_kinder(each, body) for each in faults])
    return found


def by_field(refusal: Invalid) -> dict[str, str]:
    """The first sentence for each field of the form."""
    found: dict[str, str] = {}
    for fault in refusal.errors:
        parts = fault.pointer.strip("/").split("/")
        name = parts[1] if parts[0] == "hours" and len(parts) > 1 else parts[0]
        detail = f"{parts[1]}: {fault.detail}" if parts[0] == "exceptions" and len(parts) > 1 else fault.detail
        found.setdefault(name, detail)
    return found


def copied(given: dict[str, Any]) -> dict[str, Any]:
    """The hours of one day given to others."""
    source = given["from"] if given["from"] in DAYS else DAYS[0]
    return {**given, **dict.fromkeys(TO.get(given["to"], ()), given[source])}


def with_holidays(given: dict[str, Any], found: Iterable[tuple[date, str, bool]]) -> tuple[dict[str, Any], int]:
    """The form with these days, and how many were not there; what was there stays as it is."""
    known = {day["date"]: day for day in given["holidays"]}
    new = {day.isoformat(): (name, on) for day, name, on in found if day.isoformat() not in known}
    known.update({day: {"date": day, "name": name, "enabled": on} for day, (name, on) in new.items()})
    return {**given, "holidays": [known[day] for day in sorted(known)]}, len(new)


def years(given: Mapping[str, Any]) -> range:
    """The years that holidays are taken of; raises Invalid."""
    texts = given["first_year"], given["last_year"]
    if not all(text.isdecimal() and len(text) == 4 for text in texts):  # noqa: PLR2004
        raise Invalid("Write years.", errors=[Fault("/years", "Write two years such as 2026 and 2028.")])
    return range(int(texts[0]), int(texts[1]) + 1)


def one_day(given: Mapping[str, Any]) -> tuple[date, str, bool]:
    """The single holiday that is typed; raises Invalid."""
    try:
        return date.fromisoformat(given["new_date"]), given["new_name"], True
    except ValueError as error:
        raise Invalid("This is no date.", errors=[Fault("/new_date", "Write a date such as 2026-12-24.")]) from error


def week(given: Mapping[str, Any]) -> list[Row]:
    """The week as it is typed; what cannot be read says so in its row."""
    return [_row(day, given[day]) for day in DAYS]


def _row(day: str, text: str) -> Row:
    try:
        found = written.hours(text)
    except ValueError as error:
        return day_row(day, NAMES[day], (), str(error), "fault")
    if faults := calendar.faults(
        {"timezone": "UTC", "hours": {day: found, "": [["00:00", "24:00"]]}, "exceptions": {}}
    ):
        return day_row(day, NAMES[day], (), faults[0][1], "fault")
    read = calendar.read({"timezone": "UTC", "hours": {day: found}, "holidays": [], "exceptions": {}})
    return day_row(day, NAMES[day], read.week[DAYS.index(day)])


def _holidays(form: MultiDict[str, str]) -> list[dict[str, Any]]:
    """The rows of the form: all days in one field, a line each, and the ticks of those that count."""
    on = set(form.getlist("on"))
    rows = [line.partition(" ") for line in form.get("days", "").splitlines() if line.strip()]
    return [{"date": day, "name": name.strip(), "enabled": day in on} for day, _, name in rows]


def _beside(year: int) -> dict[str, str]:
    words = {"country": "", "region": "", "new_date": "", "new_name": "", "from": "mon", "to": "weekdays"}
    return {**words, "first_year": str(year), "last_year": str(year + 2)}


def _kinder(fault: Fault, body: Mapping[str, Any]) -> Fault:
    """The fault of a time zone with the one that was probably meant."""
    if fault.pointer != "/timezone":
        return fault
    near = get_close_matches(body["timezone"], available_timezones(), n=1, cutoff=0.7)
    return Fault(fault.pointer, f"{fault.detail} Did you mean {near[0]}?") if near else fault
