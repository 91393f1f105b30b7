"""The versions of calendars and policies, who saved them, and how many open tickets count by what holds."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select

from console.infra.db import db
from console.infra.errors import NotFound
from console.tickets.models import CalendarVersion, PolicyVersion, Rebuild, SlaCalendar, SlaPolicy, Ticket

# So many versions are listed; older ones are there by their number.
LISTED: Final = 50
# Nobody counts further than this while a page is built.
COUNTED: Final = 10_000


@dataclass(frozen=True, slots=True)
class Edit:
    """The newest rebuild, and the one from which it took over, if that had not ended."""

    rebuild: Rebuild
    superseded: Rebuild | None


def calendar_versions(found: SlaCalendar) -> Sequence[CalendarVersion]:
    """The newest versions of a calendar first."""
    rows = select(CalendarVersion).where(CalendarVersion.calendar_id == found.id)
    return db.session.scalars(rows.order_by(CalendarVersion.number.desc()).limit(LISTED)).all()


def policy_versions(found: SlaPolicy) -> Sequence[PolicyVersion]:
    """The newest versions of a policy first."""
    rows = select(PolicyVersion).where(PolicyVersion.policy_id == found.id)
    return db.session.scalars(rows.order_by(PolicyVersion.number.desc()).limit(LISTED)).all()


def calendar_at(found: SlaCalendar, number: int) -> CalendarVersion:
    """One version of a calendar; raises NotFound."""
    rows = select(CalendarVersion).where(CalendarVersion.calendar_id == found.id, CalendarVersion.number == number)
    version = db.session.scalar(rows)
    if version is None:
        raise NotFound(f"Calendar “{found.name}” has no version {number}.")
    return version


def policy_at(found: SlaPolicy, number: int) -> PolicyVersion:
    """One version of a policy; raises NotFound."""
    rows = select(PolicyVersion).where(PolicyVersion.policy_id == found.id, PolicyVersion.number == number)
    version = db.session.scalar(rows)
    if version is None:
        raise NotFound(f"Policy “{found.name}” has no version {number}.")
    return version


def current_versions(found: Sequence[SlaCalendar]) -> dict[int, CalendarVersion]:
    """The versions that hold, by the calendars' ids."""
    rows = select(CalendarVersion).join(
        SlaCalendar,
        (SlaCalendar.id == CalendarVersion.calendar_id) & (SlaCalendar.version == CalendarVersion.number),
    )
    known = db.session.scalars(rows.where(SlaCalendar.id.in_([each.id for each in found])))
    return {version.calendar_id: version for version in known}


def current_policies(found: Sequence[SlaPolicy]) -> dict[int, PolicyVersion]:
    """The versions that hold, by the policies' ids."""
    rows = select(PolicyVersion).join(
        SlaPolicy, (SlaPolicy.id == PolicyVersion.policy_id) & (SlaPolicy.version == PolicyVersion.number)
    )
    known = db.session.scalars(rows.where(SlaPolicy.id.in_([each.id for each in found])))
    return {version.policy_id: version for version in known}


def users_of(found: Sequence[SlaCalendar]) -> dict[int, list[str]]:
    """The names of the policies that count by each calendar, by the calendars' ids."""
    rows = select(SlaPolicy.calendar_id, SlaPolicy.name).where(
        SlaPolicy.deleted_at.is_(None), SlaPolicy.calendar_id.in_([each.id for each in found])
    )
    names: dict[int, list[str]] = {each.id: [] for each in found}
    for calendar_id, name in db.session.execute(rows.order_by(SlaPolicy.position, SlaPolicy.name)):
        names[calendar_id].append(name)
    return names


def open_by_calendar(found: SlaCalendar) -> int:
    """How many open tickets count by a calendar, up to COUNTED + 1."""
    policies = select(SlaPolicy.id).where(SlaPolicy.calendar_id == found.id, SlaPolicy.deleted_at.is_(None))
    return sum(open_by_policy(policy_id) for policy_id in db.session.scalars(policies))


def open_by_policy(policy_id: int) -> int:
    """How many open tickets a policy is for, up to COUNTED + 1."""
    some = select(Ticket.id).where(Ticket.policy_id == policy_id, Ticket.resolved_at.is_(None)).limit(COUNTED + 1)
    return db.session.scalar(select(func.count()).select_from(some.subquery())) or 0


def latest_edit() -> Edit | None:
    """The newest rebuild."""
    rebuild = db.session.scalar(select(Rebuild).order_by(Rebuild.id.desc()).limit(1))
    if rebuild is None:
        return None
    rows = select(Rebuild).where(Rebuild.superseded_at == rebuild.asked_at, Rebuild.finished_at.is_(None))
    return Edit(rebuild, db.session.scalar(rows.where(Rebuild.id < rebuild.id).order_by(Rebuild.id.desc()).limit(1)))
