"""Calendars and policies: by name, in lists, and as the book of promises that holds now."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Row, Select, and_, select, tuple_

from console.infra.db import db
from console.infra.errors import NotFound
from console.infra.paging import Page, decode, page_of
from console.tickets.models import CalendarVersion, PolicyVersion, SlaCalendar, SlaPolicy
from console.tickets.rules import calendar, policy
from console.tickets.rules.hours import Hours
from console.tickets.rules.policy import Matched, Policy


@dataclass(frozen=True, slots=True)
class Promise:
    """A policy with its calendar, in the versions that are meant."""

    policy_id: int
    name: str
    position: int
    policy_version_id: int
    policy_number: int
    calendar: str
    calendar_version_id: int
    calendar_number: int
    policy: Policy
    hours: Hours

    @property
    def versions(self) -> tuple[int | None, int | None]:
        """By which tickets remember it: the policy's version and the calendar's."""
        return self.policy_version_id, self.calendar_version_id


@dataclass(frozen=True, slots=True)
class Book:
    """All promises that hold, in the order in which they are asked."""

    promises: Sequence[Promise]

    def of(self, ticket: Matched) -> Promise | None:
        """What was promised for a ticket."""
        return next((promise for promise in self.promises if promise.policy.matches(ticket)), None)

    def calendars(self) -> list[tuple[str, Hours]]:
        """The calendars that any promise counts by, by name."""
        return sorted({promise.calendar: promise.hours for promise in self.promises}.items())


_FOUND = (
    SlaPolicy.id,
    SlaPolicy.name,
    SlaPolicy.position,
    PolicyVersion.id.label("policy_version_id"),
    PolicyVersion.number.label("policy_number"),
    PolicyVersion.body,
    SlaCalendar.name.label("calendar"),
    CalendarVersion.id.label("calendar_version_id"),
    CalendarVersion.number.label("calendar_number"),
    CalendarVersion.digest,
)


def book() -> Book:
    """The promises that hold now."""
    rows = (
        select(*_FOUND)
        .join(PolicyVersion, and_(PolicyVersion.policy_id == SlaPolicy.id, PolicyVersion.number == SlaPolicy.version))
        .join(SlaCalendar, SlaCalendar.id == SlaPolicy.calendar_id)
        .join(
            CalendarVersion,
            and_(CalendarVersion.calendar_id == SlaCalendar.id, CalendarVersion.number == SlaCalendar.version),
        )
        .where(SlaPolicy.deleted_at.is_(None))
        .order_by(SlaPolicy.position, SlaPolicy.updated_at.desc(), SlaPolicy.id.desc())
    )
    return Book([_promise(row) for row in db.session.execute(rows)])


def kept_promises(versions: Sequence[tuple[int | None, int | None]]) -> dict[tuple[int | None, int | None], Promise]:
    """The promises of some (policy version, calendar version), as tickets remember them."""
    wanted = sorted({(a, b) for a, b in versions if a is not None and b is not None})
    if not wanted:
        return {}
    rows = (
        select(*_FOUND)
        .select_from(PolicyVersion)
        .join(SlaPolicy, SlaPolicy.id == PolicyVersion.policy_id)
        .join(CalendarVersion, CalendarVersion.id.in_([b for _, b in wanted]))
        .join(SlaCalendar, SlaCalendar.id == CalendarVersion.calendar_id)
        .where(tuple_(PolicyVersion.id, CalendarVersion.id).in_(wanted))
    )
    found = [_promise(row) for row in db.session.execute(rows)]
    return {each.versions: each for each in found}


def _promise(row: "Row[Any]") -> Promise:
    return Promise(
        policy_id=row.id,
        name=row.name,
        position=row.position,
        policy_version_id=row.policy_version_id,
        policy_number=row.policy_number,
        calendar=row.calendar,
        calendar_version_id=row.calendar_version_id,
        calendar_number=row.calendar_number,
        policy=policy.read(row.body),
        hours=hours_of(row.calendar_version_id, row.digest),
    )


@lru_cache(maxsize=512)
def hours_of(version_id: int, digest: str) -> Hours:  # noqa: ARG001 - the digest tells versions of two databases apart
    """The business time of a calendar version, expanded once a process: versions never change."""
    body = db.session.scalar(select(CalendarVersion.body).where(CalendarVersion.id == version_id))
    if body is None:
        raise NotFound("This version of the calendar is gone.")
    return Hours(calendar.read(body))


def find_calendar(name: str, *, deleted: bool = False) -> SlaCalendar | None:
    """A calendar by name; with `deleted`, also one that was deleted."""
    found = db.session.scalar(select(SlaCalendar).where(SlaCalendar.name == name)) if "\0" not in name else None
    return found if found is None or deleted or found.deleted_at is None else None


def get_calendar(name: str) -> SlaCalendar:
    """A calendar by name; raises NotFound."""
    found = find_calendar(name)
    if found is None:
        raise NotFound(f"There is no calendar “{name}”.")
    return found


def find_policy(name: str, *, deleted: bool = False) -> SlaPolicy | None:
    """A policy by name; with `deleted`, also one that was deleted."""
    found = db.session.scalar(select(SlaPolicy).where(SlaPolicy.name == name)) if "\0" not in name else None
    return found if found is None or deleted or found.deleted_at is None else None


def get_policy(name: str) -> SlaPolicy:
    """A policy by name; raises NotFound."""
    found = find_policy(name)
    if found is None:
        raise NotFound(f"There is no SLA policy “{name}”.")
    return found


def calendar_version(of: SlaCalendar) -> CalendarVersion:
    """The version that holds."""
    rows = select(CalendarVersion).where(CalendarVersion.calendar_id == of.id, CalendarVersion.number == of.version)
    return db.session.scalars(rows).one()


def policy_version(of: SlaPolicy) -> PolicyVersion:
    """The version that holds."""
    rows = select(PolicyVersion).where(PolicyVersion.policy_id == of.id, PolicyVersion.number == of.version)
    return db.session.scalars(rows).one()


def calendar_name(calendar_id: int) -> str:
    """What a calendar is called."""
    return db.session.scalars(select(SlaCalendar.name).where(SlaCalendar.id == calendar_id)).one()


def policies_using(found: SlaCalendar) -> Sequence[str]:
    """The policies that count by a calendar, by name."""
    rows = select(SlaPolicy.name).where(SlaPolicy.calendar_id == found.id, SlaPolicy.deleted_at.is_(None))
    return db.session.scalars(rows.order_by(SlaPolicy.name)).all()


def calendars(*, limit: int, cursor: str | None = None) -> Page[SlaCalendar]:
    """Calendars by name; raises Invalid for a bad cursor."""
    rows: Select[SlaCalendar] = select(SlaCalendar).where(SlaCalendar.deleted_at.is_(None)).order_by(SlaCalendar.name)
    if cursor:
        (after,) = decode(cursor, str)
        rows = rows.where(SlaCalendar.name > after)
    return page_of(db.session.scalars(rows.limit(limit + 1)).all(), limit, lambda found: (found.name,))


def policies(*, limit: int, cursor: str | None = None) -> Page[SlaPolicy]:
    """Policies in the order of their positions; raises Invalid for a bad cursor."""
    rows = select(SlaPolicy).where(SlaPolicy.deleted_at.is_(None)).order_by(SlaPolicy.position, SlaPolicy.id)
    if cursor:
        after = decode(cursor, int, int)
        rows = rows.where(tuple_(SlaPolicy.position, SlaPolicy.id) > after)
    return page_of(db.session.scalars(rows.limit(limit + 1)).all(), limit, lambda found: (found.position, found.id))
