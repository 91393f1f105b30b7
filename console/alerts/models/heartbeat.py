"""Heartbeats, and the pings they had."""

from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from console.alerts.models.ranked import Ranked
from console.alerts.rules.heartbeats.beats import Kind, Pulse, Rhythm, State
from console.alerts.rules.states import Severity
from console.infra.db import Model, intpk

PULSE = tuple(field.name for field in fields(Pulse))


def rhythm_of(row: Any) -> Rhythm:
    """The rhythm of a heartbeat, or of a row with its columns."""
    period = None if row.period_seconds is None else timedelta(seconds=row.period_seconds)
    return Rhythm(timedelta(seconds=row.grace_seconds), period, row.cron, row.timezone)


def pulse_of(row: Any) -> Pulse:
    """The pulse of a heartbeat, or of a row with its columns as the driver gives them."""
    told = {name: getattr(row, name) for name in PULSE}
    rid = told["started_rid"]
    return Pulse(**told | {"state": State(row.state), "started_rid": UUID(str(rid)) if rid else None})


class Heartbeat(Model):
    """A job that says when it runs. Its `uuid` is the secret of its ping address; either a period or a cron is set.

    `service`, `environment`, `severity`, `tags` and `runbook_url` are those of the alerts it raises. What pings change
    stands below `pings_count`, which numbers them.
    """

    __tablename__ = "heartbeats"

    id: Mapped[intpk]
    uuid: Mapped[UUID] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(unique=True)
    slug: Mapped[str]
    service: Mapped[str]
    environment: Mapped[str]
    severity: Mapped[Severity] = mapped_column(Ranked(Severity))
    tags: Mapped[dict[str, Any]]
    runbook_url: Mapped[str | None]
    period_seconds: Mapped[int | None]
    cron: Mapped[str | None]
    timezone: Mapped[str]
    grace_seconds: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    pings_count: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    state: Mapped[State] = mapped_column(Ranked(State))
    state_since: Mapped[datetime]
    last_ping_at: Mapped[datetime | None]
    last_duration_ms: Mapped[int | None] = mapped_column(BigInteger)
    started_at: Mapped[datetime | None]
    started_rid: Mapped[UUID | None]
    expected_at: Mapped[datetime | None]
    deadline_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("(period_seconds IS NULL) <> (cron IS NULL)", name="rhythm"),
        # Not unique: two that share a slug are told at the ping, which then belongs to neither.
        Index("ix_heartbeats_slug", "slug"),
        # The sweep reads only what is due.
        Index("ix_heartbeats_deadline_at", "deadline_at", postgresql_where=text("deadline_at IS NOT NULL")),
    )

    @property
    def rhythm(self) -> Rhythm:
        """When its pings are expected."""
        return rhythm_of(self)

    @property
    def pulse(self) -> Pulse:
        """What its pings have made of it."""
        return pulse_of(self)

    @pulse.setter
    def pulse(self, pulse: Pulse) -> None:
        for name in PULSE:
            setattr(self, name, getattr(pulse, name))


class HeartbeatPing(Model):
    """One ping; `number` counts those of its heartbeat. `body` is as it was sent, cut to MAX_BODY bytes."""

    __tablename__ = "heartbeat_pings"

    heartbeat_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("heartbeats.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    kind: Mapped[Kind] = mapped_column(Ranked(Kind))
    exit_code: Mapped[int | None] = mapped_column(SmallInteger)
    rid: Mapped[UUID | None]
    duration_ms: Mapped[int | None] = mapped_column(BigInteger)
    method: Mapped[str]
    address: Mapped[str | None]
    agent: Mapped[str | None]
    body: Mapped[bytes | None]
    body_cut: Mapped[bool]

    __table_args__ = (Index("ix_heartbeat_pings_rid", "heartbeat_id", "rid", postgresql_where=text("rid IS NOT NULL")),)

    @property
    def text(self) -> str:
        """The body as text, what is not UTF-8 replaced."""
        return (self.body or b"").decode("utf-8", "replace")


class PingKey(Model):
    """The key of addresses by slug, one row; kept readable, since it is printed again and again."""

    __tablename__ = "ping_keys"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    key: Mapped[str]
    created_at: Mapped[datetime]
