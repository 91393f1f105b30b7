"""How times, numbers and names are written. Times are stored in UTC and shown in the reader's zone."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from urllib.parse import unquote
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from flask import Flask, g, has_request_context, request
from markupsafe import Markup

from console.infra import clock

MINUTE, HOUR, DAY = 60, 3600, 86400
REMEMBERED = 8_192
THEMES = {"light", "dark"}
_TIME = Markup('<time datetime="%s+00:00" title="%s UTC" data-time="%s">%s</time>')


def init_app(app: Flask) -> None:
    """Register the filters, and what templates know of the reader."""
    app.jinja_env.filters.update(
        ago=ago, when=when, at=at, until=until, clock=clock_time, number=number, duration=duration, initials=initials,
        plural=plural, times=times, short_name=short_name, person=person, source_name=source_name,
    )  # fmt: skip
    app.jinja_env.globals.update(theme=theme, now=clock.now, reader_name=reader_name, chosen_zone=chosen_zone)


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads, as their settings say: a name, and a zone or nothing for the browser's own."""

    name: str
    timezone: str = ""


NOBODY = Reader("")


def remember(reader: Reader) -> None:
    """Tell the pages of this request who reads; called by whoever knows sessions."""
    g.reader = reader


def reader_name() -> str:
    """What the reader is called; empty for a stranger."""
    return _reader().name


def chosen_zone() -> str:
    """The zone that the reader has chosen; empty means the browser's."""
    return _reader().timezone


def _reader() -> Reader:
    found: Reader = g.get("reader", NOBODY) if has_request_context() else NOBODY
    return found


def theme() -> str:
    """The reader's chosen theme, `light` or `dark`; empty follows the system."""
    chosen = request.cookies.get("theme", "") if has_request_context() else ""
    return chosen if chosen in THEMES else ""


def zone() -> ZoneInfo:
    """The zone of the reader's settings, else of the browser, which writes it to the cookie `tz`; UTC until it has."""
    if not has_request_context():
        return ZoneInfo(chosen_zone() or "UTC")
    name = chosen_zone() or unquote(request.cookies.get("tz", "UTC"))
    # A list asks for it with every time that it shows.
    known: tuple[str, ZoneInfo] | None = g.get("zone")
    if known is None or known[0] != name:
        known = g.zone = (name, _zone(name))
    return known[1]


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def ago(moment: datetime | None, *, never: str = "never") -> Markup | str:
    """Relative below an hour, then the clock, then the date: "38 s ago", "09:20", "20 Nov"."""
    return _time(moment, "ago", ago_text(moment, clock.now(), zone())) if moment else never


def when(moment: datetime | None, *, never: str = "never") -> Markup | str:
    """A point of a story: "today 14:07", "Fri 20 Nov 13:36"."""
    if not moment:
        return never
    reader = zone()
    return _dated(moment, "when", clock.now().astimezone(reader).date(), reader)


def at(moment: datetime) -> Markup:
    """A moment within a sentence: "14:07" today, else "yesterday 14:07" or "Fri 20 Nov 13:36"."""
    return _time(moment, "at", when_text(moment, clock.now(), zone()).removeprefix("today "))


def until(moment: datetime | None, *, never: str = "never") -> Markup | str:
    """A moment to come: "in 48 min", "15:20", "Mon 23 Nov 09:00"."""
    if not moment:
        return never
    now, reader = clock.now(), zone()
    if (moment - now).total_seconds() < HOUR:
        return _time(moment, "until", until_text(moment, now, reader))
    return _dated(moment, "until", now.astimezone(reader).date(), reader)


def clock_time(moment: datetime, *, seconds: bool = False) -> Markup:
    """The clock alone: "14:07", or "14:07:12"."""
    text = moment.astimezone(zone()).strftime("%H:%M:%S" if seconds else "%H:%M")
    return _time(moment, "seconds" if seconds else "clock", text)


def ago_text(moment: datetime, now: datetime, reader: ZoneInfo) -> str:
    """The words of `ago`."""
    seconds = int((now - moment).total_seconds())
    if seconds < 1:
        return "just now"
    if seconds < MINUTE:
        return f"{seconds} s ago"
    if seconds < HOUR:
        return f"{seconds // MINUTE} min ago"
    local, today = moment.astimezone(reader), now.astimezone(reader)
    if local.date() == today.date():
        return f"{local:%H:%M}"
    return _day(local, today)


def when_text(moment: datetime, now: datetime, reader: ZoneInfo) -> str:
    """The words of `when`."""
    local, today = moment.astimezone(reader), now.astimezone(reader)
    if local.date() == today.date():
        return f"today {local:%H:%M}"
    if local.date() == today.date() - timedelta(days=1):
        return f"yesterday {local:%H:%M}"
    return f"{local:%a} {_day(local, today)} {local:%H:%M}"


def until_text(moment: datetime, now: datetime, reader: ZoneInfo) -> str:
    """The words of `until`."""
    seconds = int((moment - now).total_seconds())
    if seconds <= 0:
        return "now"
    if seconds < MINUTE:
        return f"in {seconds} s"
    if seconds < HOUR:
        return f"in {seconds // MINUTE} min"
    return _later_text(moment.astimezone(reader), now.astimezone(reader))


def number(value: int | None, *, cap: int | None = None) -> str:
    """Digits in groups; at `cap` and above "10,000+", since counts stop there."""
    if value is None:
        return "none"
    return f"{cap:,}+" if cap is not None and value >= cap else f"{value:,}"


def plural(value: int, one: str, many: str | None = None) -> str:
    """The number with its word: "1 job", "37 jobs"."""
    return f"{value:,} {one if value == 1 else many or one + 's'}"


def times(value: int) -> str:
    """How often, in words: "once", "61 times"."""
    return "once" if value == 1 else f"{value:,} times"


def duration(value: float | timedelta | None) -> str:
    """Seconds in the two largest units: "0.4 s", "2 min 20 s", "3 h 5 min", "2 d 4 h"."""
    if value is None:
        return "unknown"
    seconds = value.total_seconds() if isinstance(value, timedelta) else float(value)
    if 0 < seconds < 10:  # noqa: PLR2004
        return f"{seconds:.1f} s".replace(".0 s", " s")
    return _units(int(seconds))


def initials(name: str) -> str:
    """One or two letters for an avatar: "Mara Lindqvist" is ML, "olu@example.org" is O."""
    words = [word for word in name.partition("@")[0].replace(".", " ").replace("_", " ").split() if word[0].isalnum()]
    return "".join(word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words)).upper() or "?"


def person(name: str) -> str:
    """What people are called in a list: an address without its domain."""
    return name.partition("@")[0] or name


def source_name(source: str) -> str:
    """Where a failure came from, as people write it: "rq" is RQ, "celery" Celery, "api" API."""
    return {"rq": "RQ", "api": "API", "celery": "Celery", "console": "Console"}.get(source, source.capitalize())


def short_name(task: str) -> str:
    """The last part of a dotted name: `documents.tasks.render_pdf` is `render_pdf`."""
    return task.rpartition(".")[2] or task


def _units(seconds: int) -> str:
    for size, unit, below, part in ((DAY, "d", HOUR, "h"), (HOUR, "h", MINUTE, "min"), (MINUTE, "min", 1, "s")):
        if seconds >= size:
            rest = seconds % size // below
            return f"{seconds // size} {unit}" + (f" {rest} {part}" if rest else "")
    return f"{seconds} s"


def _day(local: datetime, today: datetime) -> str:
    return f"{local.day} {local:%b}" + ("" if local.year == today.year else f" {local.year}")


def _later_text(local: datetime, today: datetime) -> str:
    return f"{local:%H:%M}" if local.date() == today.date() else f"{local:%a} {_day(local, today)} {local:%H:%M}"


@lru_cache(REMEMBERED)
def _dated(moment: datetime, kind: str, day: date, reader: ZoneInfo) -> Markup:
    """What is said of a moment all day long; lists say it of the same moments again and again."""
    noon = datetime.combine(day, time(12), reader)
    text = when_text(moment, noon, reader) if kind == "when" else _later_text(moment.astimezone(reader), noon)
    return _time(moment, kind, text)


def _time(moment: datetime, kind: str, text: str) -> Markup:
    exact = moment.astimezone(UTC).isoformat(" ", "seconds")[:19]
    return _TIME % (exact.replace(" ", "T"), exact, kind, text)
