"""What people may say about a heartbeat, and what of it cannot be."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from console.alerts.rules.heartbeats import cron
from console.alerts.rules.heartbeats.address import SLUG_FORM
from console.alerts.rules.states import Severity

DAY, HOUR, YEAR = 86_400, 3_600, 365 * 86_400
DEFAULT_SERVICE = "heartbeats"
MAX_NAME = 100
MAX_TEXT = 200
MAX_URL = 2_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """A heartbeat as somebody wants it: either `period_seconds` or `cron` in `timezone`, and a grace in seconds."""

    name: str
    slug: str
    period_seconds: int | None = DAY
    cron: str | None = None
    timezone: str = "UTC"
    grace_seconds: int = HOUR
    service: str = DEFAULT_SERVICE
    environment: str = "production"
    severity: Severity = Severity.ERROR
    tags: Mapping[str, Any] = field(default_factory=dict)
    runbook_url: str | None = None


def faults(wanted: Wanted) -> dict[str, str]:
    """A sentence for each field that cannot be so, by its name."""
    found = {
        "name": _text(wanted.name, MAX_NAME) or ("Leave out the '/'." if "/" in wanted.name else ""),
        "slug": "" if SLUG_FORM.fullmatch(wanted.slug) else "Use 1 to 100 of a-z, 0-9, - and _.",
        "grace_seconds": _seconds(wanted.grace_seconds),
        "timezone": "" if zone_exists(wanted.timezone) else "This is not an IANA zone such as Europe/Berlin.",
        "service": _text(wanted.service, MAX_TEXT),
        "environment": _text(wanted.environment, MAX_TEXT),
        "runbook_url": _url(wanted.runbook_url),
        **_rhythm(wanted),
    }
    return {name: sentence for name, sentence in found.items() if sentence}


def zone_exists(name: str) -> bool:
    """Whether the time zone is one that this machine's database knows."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _rhythm(wanted: Wanted) -> dict[str, str]:
    if wanted.cron is None:
        sentence = "Say a period or a cron expression." if wanted.period_seconds is None else ""
        return {"period_seconds": sentence or _seconds(wanted.period_seconds or 0)}
    if wanted.period_seconds is not None:
        return {"cron": "Say a period or a cron expression, not both."}
    try:
        cron.parse(wanted.cron)
    except cron.BadCron as error:
        return {"cron": str(error)}
    return {}


def _seconds(value: int) -> str:
    return "" if 1 <= value <= YEAR else f"Use 1 to {YEAR:,} seconds (a year)."


def _text(value: str, limit: int) -> str:
    if not value.strip():
        return "Say something here."
    if not value.isprintable():
        return "Leave out line breaks and control characters."
    return "" if len(value) <= limit else f"Use at most {limit} characters."


def _url(value: str | None) -> str:
    if value is None or (value.startswith(("https://", "http://")) and len(value) <= MAX_URL and value.isprintable()):
        return ""
    return "Begin with https:// or http://."
