"""Calendars and policies, as admins and managers keep them. Each save is a new version; an equal one is none."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, text

from console.audit.actions import record
from console.infra import events as hooks
from console.infra.actor import Actor
from console.infra.db import db
from console.infra.errors import Conflict, Fault, Invalid
from console.tickets.actions import rebuilds
from console.tickets.models import CalendarVersion, PolicyVersion, Rebuild, SlaCalendar, SlaPolicy
from console.tickets.queries import promises as reads
from console.tickets.queries.tickets import PROMISES_LOCK
from console.tickets.rules import calendar

ROOM = "tickets"


@dataclass(frozen=True, slots=True)
class Saved:
    """What came of a save: whether it is new, and the rebuild that it asked for, if it changed anything."""

    new: bool
    rebuild: Rebuild | None


def put_calendar(name: str, body: Mapping[str, Any], *, by: Actor, at: datetime) -> Saved:
    """Keep a calendar as sent. Raises Invalid with a pointer for each fault."""
    check_calendar(body)
    alone()
    found = reads.find_calendar(name, deleted=True)
    new = found is None or found.deleted_at is not None
    if found is None:
        found = SlaCalendar(name=name, version=0, created_at=at, updated_at=at)
        db.session.add(found)
    elif not new and reads.calendar_version(found).body == body:
        return Saved(new=False, rebuild=None)
    found.version, found.updated_at, found.deleted_at = found.version + 1, at, None
    db.session.flush()
    told = {"calendar_id": found.id, "number": found.version, "body": dict(body), "digest": _digest(body)}
    db.session.add(CalendarVersion(**told, saved_at=at, saved_by=by.label))
    record(
        "sla_calendar.created" if new else "sla_calendar.changed",
        by=by,
        object=("sla_calendar", found.id, name),
        details={"version": found.version, "timezone": body["timezone"]},
    )
    return Saved(new, rebuild(f"calendar {name}", by=by, at=at))


def delete_calendar(found: SlaCalendar, *, by: Actor, at: datetime) -> None:
    """Delete a calendar that no policy counts by; its versions stay. Raises Conflict."""
    alone()
    if names := reads.policies_using(found):
        raise Conflict(f"Policy {', '.join(names)} counts by this calendar. Change the policy first.")
    found.deleted_at = at
    record("sla_calendar.deleted", by=by, object=("sla_calendar", found.id, found.name))
    db.session.flush()
    hooks.touch(ROOM)


def put_policy(name: str, position: int | None, body: Mapping[str, Any], *, by: Actor, at: datetime) -> Saved:
    """Keep a policy as sent; without a position it keeps its own, or comes last. Raises Invalid for its calendar."""
    alone()
    used = named_calendar(body["calendar"])
    found = reads.find_policy(name, deleted=True)
    new = found is None or found.deleted_at is not None
    place = _place(position, None if new else found)
    if found is None:
        found = SlaPolicy(name=name, version=0, calendar_id=used.id, created_at=at, updated_at=at)
        db.session.add(found)
    elif not new and reads.policy_version(found).body == body and found.position == place:
        return Saved(new=False, rebuild=None)
    found.position, found.calendar_id = place, used.id
    found.version, found.updated_at, found.deleted_at = found.version + 1, at, None
    db.session.flush()
    told = {"policy_id": found.id, "number": found.version, "body": dict(body)}
    db.session.add(PolicyVersion(**told, saved_at=at, saved_by=by.label))
    record(
        "sla_policy.created" if new else "sla_policy.changed",
        by=by,
        object=("sla_policy", found.id, name),
        details={"version": found.version, "position": place, **body},
    )
    return Saved(new, rebuild(f"policy {name}", by=by, at=at))


def delete_policy(found: SlaPolicy, *, by: Actor, at: datetime) -> Rebuild:
    """Delete a policy; its open tickets fall to the next that matches. Its versions and breaches stay."""
    alone()
    found.deleted_at = at
    record("sla_policy.deleted", by=by, object=("sla_policy", found.id, found.name))
    return rebuild(f"policy {found.name}", by=by, at=at)


def check_calendar(body: Mapping[str, Any]) -> None:
    """Raises Invalid with a pointer for each fault of a calendar."""
    if faults := calendar.faults(body):
        raise Invalid("The calendar breaks a rule; see errors.", errors=[Fault(*fault) for fault in faults])


def named_calendar(name: str) -> SlaCalendar:
    """The calendar that a policy names; raises Invalid."""
    found = reads.find_calendar(name)
    if found is None:
        sentence = f"There is no calendar “{name}”; make it first."
        raise Invalid(sentence, errors=[Fault("/calendar", sentence)])
    return found


def _place(position: int | None, known: SlaPolicy | None) -> int:
    if position is not None:
        return position
    if known is not None:
        return known.position
    last = db.session.scalar(select(func.max(SlaPolicy.position)).where(SlaPolicy.deleted_at.is_(None)))
    return (last or 0) + 1


def rebuild(why: str, *, by: Actor, at: datetime) -> Rebuild:
    """Count all open tickets anew after an edit of promises."""
    db.session.flush()
    hooks.touch(ROOM)
    return rebuilds.begin(why, by=by, at=at)


def alone() -> None:
    """No ticket is counted while promises change: those who count share this lock."""
    db.session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": PROMISES_LOCK})


def _digest(body: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
