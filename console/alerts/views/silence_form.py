"""The form of a silence or a maintenance window: what is typed into it, and what it says when it is shown."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from werkzeug.datastructures import MultiDict

from console.alerts.models import Alert, Silence, SilenceKind
from console.alerts.rules.silences.matchers import FIELDS, Matcher, Op
from console.alerts.rules.silences.wanted import Wanted, of_service
from console.infra.errors import Fault, Invalid
from console.web import filters
from console.web.inputs import to_utc

# How long, without looking at a clock; counted from the start.
LENGTHS: Final = {"30m": 30, "1h": 60, "2h": 120, "4h": 240, "8h": 480, "1d": 1_440, "3d": 4_320, "1w": 10_080}
LENGTH_WORDS: Final = (
    ("30m", "30 minutes"), ("1h", "1 hour"), ("2h", "2 hours"), ("4h", "4 hours"), ("8h", "8 hours"), ("1d", "1 day"),
    ("3d", "3 days"), ("1w", "1 week"), ("", "Until the time below"),
)  # fmt: skip
OPS: Final = (("=", "is"), ("!=", "is not"), ("=~", "fits"), ("!~", "does not fit"))
# Empty rows below those that are filled, and how many there are at least.
SPARE, ROWS = 1, 3
LOCAL: Final = "%Y-%m-%dT%H:%M"


def parse(form: MultiDict[str, str], kind: SilenceKind, now: datetime, *, begun: datetime | None = None) -> Wanted:
    """What is typed, in the reader's zone; `begun` is the start of one that holds. Raises Invalid."""
    zone = _zone(form)
    starts_at = begun or _instant(form, "starts_at", zone)
    weekly = kind is SilenceKind.MAINTENANCE and "weekly" in form
    return Wanted(
        matchers=asked(form, kind),
        ends_at=_end(form, starts_at or now, zone),
        reason=form.get("reason", ""),
        starts_at=starts_at,
        weekly_in=zone.key if weekly else None,
        repeat_until=_instant(form, "repeat_until", zone) if weekly else None,
    )


def asked(form: MultiDict[str, str], kind: SilenceKind) -> tuple[Matcher, ...]:
    """The matchers that are typed, rows left empty left out; raises Invalid."""
    if kind is SilenceKind.MAINTENANCE:
        service = form.get("service", "").strip()
        if not service:
            raise Invalid("A window needs a service.", errors=[Fault("/service", "Name the service.")])
        return of_service(service, form.get("environment", "").strip() or None)
    rows = [row for row in _rows(form) if row["field"] or row["value"]]
    if any(row["op"] not in set(Op) for row in rows):
        raise Invalid("Choose how to compare.", errors=[Fault("/matchers", "Choose how to compare.")])
    return tuple(Matcher(row["field"], Op(row["op"]), row["value"]) for row in rows)


def typed(form: MultiDict[str, str]) -> dict[str, Any]:
    """What was typed, for a form that is shown again."""
    return {**form.to_dict(), "rows": padded([row for row in _rows(form) if row["field"] or row["value"]])}


def blank(kind: SilenceKind, matchers: tuple[Matcher, ...] = (), reason: str = "") -> dict[str, Any]:
    """What a new form shows: these matchers, two hours from now, in the reader's zone."""
    return {**_asked(kind, matchers), "for": "2h", "reason": reason, "timezone": filters.zone().key}


def stored(silence: Silence) -> dict[str, Any]:
    """What the form of one shows that is there."""
    zone = ZoneInfo(silence.weekly_in) if silence.weekly_in else filters.zone()

    def local(at: datetime | None) -> str:
        return at.astimezone(zone).strftime(LOCAL) if at else ""

    return {
        **_asked(SilenceKind(silence.kind), silence.asks),
        "starts_at": local(silence.starts_at), "ends_at": local(silence.ends_at), "for": "", "reason": silence.reason,
        "weekly": silence.weekly_in is not None, "repeat_until": local(silence.repeat_until), "timezone": zone.key,
    }  # fmt: skip


def of_alert(alert: Alert) -> tuple[Matcher, ...]:
    """The matchers by which an alert is known: its place, its task and what went wrong."""
    what = ("exception_type", alert.exception_type) if alert.exception_type else ("title", alert.title)
    known = (("service", alert.service), ("environment", alert.environment), ("task", alert.task), what)
    return tuple(Matcher(field, Op.IS, value) for field, value in known)


def faults(refusal: Invalid) -> dict[str, str]:
    """The first sentence for each field of the form; those of matchers by their row, such as `matchers/0`."""
    found: dict[str, str] = {}
    for fault in refusal.errors:
        parts = fault.pointer.strip("/").split("/")
        found.setdefault("/".join(parts[:2]) if parts[0] == "matchers" else parts[0], fault.detail)
    return found


def padded(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """The rows with empty ones below, for those who have no script to add any."""
    spare = max(SPARE, ROWS - len(rows))
    return rows + [{"field": "", "op": "=", "value": ""} for _ in range(spare)]


def fields() -> list[str]:
    """The names that a matcher may have."""
    return [*FIELDS, "tags."]


def _rows(form: MultiDict[str, str]) -> list[dict[str, str]]:
    names, ops, values = (form.getlist(name) for name in ("field", "op", "value"))
    return [
        {"field": name.strip(), "op": op, "value": value} for name, op, value in zip(names, ops, values, strict=False)
    ]


def _asked(kind: SilenceKind, matchers: tuple[Matcher, ...]) -> dict[str, Any]:
    if kind is SilenceKind.MAINTENANCE:
        return {one.field: one.value for one in matchers if one.field in {"service", "environment"}}
    return {"rows": padded([{"field": one.field, "op": one.op.value, "value": one.value} for one in matchers])}


def _zone(form: Mapping[str, str]) -> ZoneInfo:
    name = form.get("timezone", "")
    try:
        return ZoneInfo(name) if name else filters.zone()
    except (KeyError, ValueError, OSError) as error:
        raise Invalid("This is no time zone.", errors=[Fault("/timezone", "Choose one of the list.")]) from error


def _end(form: Mapping[str, str], starts_at: datetime, zone: ZoneInfo) -> datetime:
    if (length := LENGTHS.get(form.get("for", ""))) is not None:
        return starts_at + timedelta(minutes=length)
    found = _instant(form, "ends_at", zone)
    if found is None:
        raise Invalid("It needs an end.", errors=[Fault("/ends_at", "Choose how long, or write a date and time.")])
    return found


def _instant(form: Mapping[str, str], name: str, zone: ZoneInfo) -> datetime | None:
    if not (text := form.get(name, "").strip()):
        return None
    try:
        return to_utc(datetime.fromisoformat(text).replace(tzinfo=zone))
    except ValueError as error:
        raise Invalid("This is no time.", errors=[Fault(f"/{name}", "Write a date and a time.")]) from error
