"""What the pages of alerts send: filters in the URL, the end of a snooze, a selection of rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from werkzeug.datastructures import MultiDict

from console.alerts.queries import AlertFilter, Sort, Window
from console.alerts.rules.heartbeats.address import BadAddress, slug_of
from console.alerts.rules.heartbeats.wanted import Wanted
from console.alerts.rules.states import LISTED, Severity, Status
from console.infra.errors import Fault, Invalid
from console.web.inputs import to_utc

E = TypeVar("E", Severity, Status)

# What the filter form sends, in the order of the chips.
FIELDS = ("status", "severity", "service", "environment", "assignee", "since", "silenced")
SORTS = [("", "Worst first"), ("recent", "Most recent first"), ("oldest", "Oldest first")]
MOST = 200
MORNING = time(9)


@dataclass(frozen=True, slots=True)
class Choice:
    """A ready-made end of a snooze."""

    value: str
    label: str


SNOOZES = (
    Choice("1h", "1 hour"),
    Choice("4h", "4 hours"),
    Choice("tomorrow", "Until tomorrow, 09:00"),
    Choice("monday", "Until Monday, 09:00"),
)
_HOURS = {"1h": 1, "4h": 4}


def parse_filter(args: Mapping[str, Any]) -> AlertFilter:
    """The list's filter; words that mean nothing narrow nothing, a name given several times means any of its values."""
    services, environments, assignees = (several(args, name)[:MOST] for name in ("service", "environment", "assignee"))
    return AlertFilter(
        statuses=_words(Status, ",".join(several(args, "status"))),
        severities=_words(Severity, ",".join(several(args, "severity"))),
        services=tuple(services),
        environments=tuple(environments),
        assignees=tuple(assignees),
        q=" ".join(several(args, "q")),
        since=_instant(" ".join(several(args, "since")[:1])),
        silenced=_silenced(args),
    )


def _silenced(args: Mapping[str, Any]) -> bool | None:
    """A list leaves out what is silenced, and says how many, unless it is asked for; a search finds all there is."""
    word = "".join(several(args, "silenced")[:1]).lower()
    return {"true": True, "false": False}.get(word, None if several(args, "q") else False)


def kept(args: Mapping[str, Any]) -> dict[str, Any]:
    """The filter's own parameters, without empty ones: what every link of the list carries on. Several are a list."""
    found = {name: several(args, name) for name in (*FIELDS, "q", "sort")}
    return {name: values[0] if len(values) == 1 else values for name, values in found.items() if values}


def several(args: Mapping[str, Any], name: str) -> list[str]:
    """All values of a name that are not empty, from a query string or from what `kept` has made of one."""
    found = args.getlist(name) if isinstance(args, MultiDict) else args.get(name) or []
    return [value for value in (found if isinstance(found, list) else [str(found)]) if value]


def parse_sort(args: Mapping[str, Any]) -> Sort:
    """The order of the list; a word that means nothing is the usual one."""
    word = "".join(several(args, "sort")[:1])
    return Sort(word) if word in set(Sort) else Sort.WORST


def parse_window(word: str, last_seen: datetime, now: datetime) -> Window:
    """The chart's span: the one asked for, else the shortest that shows the last failure."""
    if word in set(Window):
        return Window(word)
    age = now - last_seen
    if age < timedelta(minutes=30):
        return Window.HALF_HOUR
    return Window.DAY if age < timedelta(hours=24) else Window.MONTH


def parse_snooze(form: Mapping[str, str], now: datetime, reader: ZoneInfo) -> datetime:
    """When a snooze ends: a ready-made choice in `for`, or a local time in `until`; raises Invalid."""
    chosen = form.get("for", "")
    if chosen in _HOURS:
        return now + timedelta(hours=_HOURS[chosen])
    if chosen in {"tomorrow", "monday"}:
        return _morning(now.astimezone(reader), monday=chosen == "monday")
    try:
        return datetime.fromisoformat(form.get("until", "")).replace(tzinfo=reader)
    except ValueError as error:
        fault = Fault("/until", "Choose how long, or write a date and time.")
        raise Invalid("A snooze needs an end.", errors=[fault]) from error


def parse_selection(form: MultiDict[str, str]) -> list[int]:
    """The ticked alerts, in order of id; raises Invalid when there are none or too many."""
    ids = sorted({int(word) for word in form.getlist("ids") if word.isdigit() and len(word) < 19})  # noqa: PLR2004
    if not 0 < len(ids) <= MOST:
        raise Invalid(f"Tick 1 to {MOST} alerts first.", errors=[Fault("/ids", f"{len(ids)} were ticked.")])
    return ids


def _instant(text: str) -> datetime | None:
    try:
        return to_utc(datetime.fromisoformat(text)) if text else None
    except ValueError:
        return None


def parse_numbers(form: MultiDict[str, str]) -> list[int]:
    """The alerts to merge: those ticked, and those named by number ("#12, 13"); raises Invalid for none or nonsense."""
    words = form.getlist("ids") + form.get("numbers", "").replace(",", " ").split()
    numbers = [word.removeprefix("#") for word in words]
    wrong = [word for word in numbers if not (word.isascii() and word.isdigit() and 0 < len(word) < 19)]  # noqa: PLR2004
    if wrong or not 0 < len(numbers) <= MOST:
        told = f"“{wrong[0][:40]}” is no number of an alert." if wrong else "Tick one, or write its number."
        raise Invalid("Choose which alerts to merge.", errors=[Fault("/alerts", told)])
    return list(dict.fromkeys(int(word) for word in numbers))


def parse_mergeable(ids: list[int]) -> list[int]:
    """Alerts of a list to be merged; raises Invalid for fewer than two and for too many."""
    if not 1 < len(ids) <= MOST:
        raise Invalid(f"Tick 2 to {MOST} alerts to merge.", errors=[Fault("/ids", f"{len(ids):,} were chosen.")])
    return ids


def parse_into(form: Mapping[str, str], ids: list[int]) -> tuple[int, list[int]]:
    """The one of the ticked alerts that takes in the others, and the others; raises Invalid."""
    into = next((one for one in parse_mergeable(ids) if str(one) == form.get("into")), None)
    if into is None:
        fault = Fault("/into", "It is one of those that were ticked.")
        raise Invalid("Choose which alert takes in the others.", errors=[fault])
    return into, [one for one in ids if one != into]


def group(word: str) -> Status | None:
    """The state whose group of the list somebody came from; None for no such word."""
    return next((status for status in LISTED if status.word == word), None)


def _morning(local: datetime, *, monday: bool) -> datetime:
    days = (7 - local.weekday()) if monday else 1
    return datetime.combine(local.date() + timedelta(days=days), MORNING, tzinfo=local.tzinfo)


def _words(kind: type[E], text: str) -> tuple[E, ...]:
    wanted = {word.strip().upper() for word in text.split(",")}
    listed = (member for member in sorted(kind, reverse=True) if member is not Status.MERGED)
    return tuple(member for member in listed if member.name in wanted)


UNITS = {"seconds": 1, "minutes": 60, "hours": 3_600, "days": 86_400}


def parse_heartbeat(form: Mapping[str, str], tags: Mapping[str, Any]) -> Wanted:
    """A heartbeat as the page sends it, with the tags that it has; raises Invalid for what is no number or slug.

    A cron expression, where one is written, counts instead of the period.
    """
    name, cron = form.get("name", "").strip(), form.get("cron", "").strip()
    try:
        slug = form.get("slug", "").strip() or slug_of(name)
    except BadAddress as error:
        raise Invalid("It needs a name.", errors=[Fault("/name", f"Write a name: {error}.")]) from error
    return Wanted(
        name=name,
        slug=slug,
        period_seconds=None if cron else _seconds(form, "period"),
        cron=cron or None,
        timezone=form.get("timezone", "") or "UTC",
        grace_seconds=_seconds(form, "grace"),
        service=form.get("service", "").strip(),
        environment=form.get("environment", "").strip(),
        severity=next(iter(_words(Severity, form.get("severity", ""))), Severity.ERROR),
        tags=tags,
        runbook_url=form.get("runbook_url", "").strip() or None,
    )


def units_of(seconds: int | None) -> tuple[int, str]:
    """Seconds in the largest unit that writes them without a rest: 5400 is (90, "minutes")."""
    length = seconds or UNITS["days"]
    unit = next(name for name, size in reversed(UNITS.items()) if length % size == 0)
    return length // UNITS[unit], unit


def _seconds(form: Mapping[str, str], name: str) -> int:
    number, unit = form.get(name, "").strip(), form.get(f"{name}_unit", "")
    if not (number.isascii() and number.isdigit() and len(number) < 10 and unit in UNITS):  # noqa: PLR2004
        raise Invalid("This is no length of time.", errors=[Fault(f"/{name}_seconds", "Write a whole number above 0.")])
    return int(number) * UNITS[unit]
