"""Calendars and policies: a name that people change, and the versions it has had, which nobody can."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from console.infra.db import Model, intpk


class SlaCalendar(Model):
    """A calendar by name; `version` is the number of the one that holds. What is deleted keeps its versions."""

    __tablename__ = "sla_calendars"

    id: Mapped[intpk]
    name: Mapped[str] = mapped_column(unique=True)
    version: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]


class CalendarVersion(Model):
    """A calendar as it was saved: `body` in the API's shape, `digest` its SHA-256, by which expanded hours are kept."""

    __tablename__ = "sla_calendar_versions"

    id: Mapped[intpk]
    calendar_id: Mapped[int] = mapped_column(ForeignKey("sla_calendars.id"))
    number: Mapped[int]
    body: Mapped[dict[str, Any]]
    digest: Mapped[str]
    saved_at: Mapped[datetime]
    saved_by: Mapped[str]

    __table_args__ = (UniqueConstraint("calendar_id", "number"), {"info": {"append_only": True}})


class SlaPolicy(Model):
    """A policy by name; the first by `position` that matches a ticket decides, of equals the one changed last."""

    __tablename__ = "sla_policies"

    id: Mapped[intpk]
    name: Mapped[str] = mapped_column(unique=True)
    position: Mapped[int]
    version: Mapped[int]
    calendar_id: Mapped[int] = mapped_column(ForeignKey("sla_calendars.id"))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]

    __table_args__ = (Index("ix_sla_policies_calendar_id", "calendar_id"),)


class PolicyVersion(Model):
    """A policy as it was saved: `body` in the API's shape."""

    __tablename__ = "sla_policy_versions"

    id: Mapped[intpk]
    policy_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("sla_policies.id"))
    number: Mapped[int]
    body: Mapped[dict[str, Any]]
    saved_at: Mapped[datetime]
    saved_by: Mapped[str]

    __table_args__ = (UniqueConstraint("policy_id", "number"), {"info": {"append_only": True}})
