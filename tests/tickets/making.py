"""Calendars, policies and tickets of the tests."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from console.tickets.rules import calendar, policy
from console.tickets.rules.clocks import Clock, clocks
from console.tickets.rules.history import Event, Kind, read
from console.tickets.rules.hours import Hours

# Worked cases: a calendar, a policy's targets, a ticket, and what its clocks must say.
CASES: list[dict[str, Any]] = [
    case
    for name in ("sla_cases.json", "sla_cases_more.json")
    for case in json.loads((Path(__file__).parent / name).read_text())["cases"]
]
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri")
ALWAYS = {day: [["00:00", "24:00"]] for day in (*WEEKDAYS, "sat", "sun")}
OFFICE = {day: [["09:00", "17:00"]] for day in WEEKDAYS}


def targets_of(case: dict[str, Any]) -> dict[str, Any]:
    """The targets of a worked case as a policy has them: by priority, or one set for all."""
    given: dict[str, Any] = case["targets"]
    return given if "default" in given else {"default": given}


def at(text: str) -> datetime:
    """An instant such as 2026-11-23T09:00Z."""
    return datetime.fromisoformat(text)


def calendar_body(hours: dict[str, Any] | None = None, timezone: str = "UTC", **more: Any) -> dict[str, Any]:
    """A calendar as it is sent."""
    return {"timezone": timezone, "hours": hours or OFFICE, "holidays": [], "exceptions": {}, **more}


def policy_body(calendar_name: str = "office", **more: Any) -> dict[str, Any]:
    """A policy as it is sent: an hour to the first response, a day to the resolution."""
    targets = {"default": {"first_response": 60, "next_response": 120, "resolution": 480}}
    body = {"calendar": calendar_name, "position": 1, "match": {}, "targets": targets}
    return {**body, "paused_statuses": ["pending", "on_hold"], "at_risk": {"fraction": 0.25}, **more}


def hours_of(body: dict[str, Any]) -> Hours:
    """The business time of a calendar."""
    assert calendar.faults(body) == []
    return Hours(calendar.read(body))


def events_of(found: list[dict[str, Any]]) -> list[Event]:
    """Events as they are sent, as the rules read them."""
    return [
        Event(
            each["id"],
            at(each["at"]),
            Kind(each["type"]),
            each.get("status") or each.get("priority") or each.get("assignee"),
        )
        for each in found
    ]


def clocks_of(ticket: dict[str, Any], hours: Hours, sla: dict[str, Any]) -> tuple[Clock, Clock, Clock]:
    """The clocks of a ticket as it is sent, under a policy as it is sent."""
    known = policy.read(sla)
    history = read(
        at(ticket["created_at"]),
        events_of(ticket.get("events", [])),
        known.pauses,
        status=ticket.get("initial_status", "new"),
        priority=ticket.get("priority"),
    )
    return clocks(history, known, hours)
