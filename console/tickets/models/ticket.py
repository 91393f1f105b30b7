"""Tickets with their clocks, what happened to them, and the promises that were broken."""

from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from console.infra.db import Model, intpk
from console.tickets.rules.clocks import Clock
from console.tickets.rules.policy import CLOCKS
from console.tickets.rules.standing import State, pack, unpack

STATES = ", ".join(f"'{state.value}'" for state in State)


class Ticket(Model):
    """A ticket of a source. What `status`, `priority` and `assignee` are now follows from the events.

    `clocks` holds what the events made of them under the versions named beside it, by clock; `state` and the instants
    are kept for lists and the sweep. `told` is what the sweep has told of each clock; `alarmed`: an alert was raised.
    `source_deadlines` is what the source itself promised, to be shown beside ours: "policy" and, by clock, instants.
    """

    __tablename__ = "tickets"

    id: Mapped[intpk]
    source: Mapped[str]
    external_id: Mapped[str]
    subject: Mapped[str]
    url: Mapped[str | None]
    requester: Mapped[str | None]
    organization: Mapped[str | None]
    group: Mapped[str | None] = mapped_column("group_name")
    tags: Mapped[list[str]] = mapped_column(ARRAY(Text))
    status: Mapped[str | None]
    priority: Mapped[str | None]
    assignee: Mapped[str | None]
    initial_status: Mapped[str]
    initial_priority: Mapped[str | None]
    initial_assignee: Mapped[str | None]
    said_priority: Mapped[str | None]
    said_assignee: Mapped[str | None]
    created_at: Mapped[datetime]
    source_updated_at: Mapped[datetime | None]
    received_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]
    policy_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("sla_policies.id"))
    policy_version_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("sla_policy_versions.id"))
    calendar_version_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("sla_calendar_versions.id"))
    clocks: Mapped[dict[str, Any]]
    state: Mapped[str]
    next_due_at: Mapped[datetime | None]
    at_risk_at: Mapped[datetime | None]
    breach_at: Mapped[datetime | None]
    sweep_at: Mapped[datetime | None]
    told: Mapped[dict[str, Any]]
    alarmed: Mapped[bool]
    source_deadlines: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))

    __table_args__ = (
        UniqueConstraint("source", "external_id"),
        CheckConstraint(f"state IN ({STATES})", name="state"),
        Index(None, "next_due_at", "id"),
        Index(None, "state", "next_due_at", "id"),
        *(
            Index(None, name, "state", "next_due_at", "id")
            for name in ("assignee", "priority", "organization", "policy_id", "source")
        ),
        Index(None, "assignee", "status"),
        Index("ix_tickets_load", "assignee", "state", postgresql_where=text("resolved_at IS NULL")),
        *(
            Index(f"ix_tickets_{name}", name, postgresql_where=text(f"{name} IS NOT NULL"))
            for name in ("at_risk_at", "breach_at", "sweep_at")
        ),
        Index("ix_tickets_open", "id", postgresql_where=text("resolved_at IS NULL")),
        Index("ix_tickets_resolved_at", "resolved_at", "id", postgresql_where=text("resolved_at IS NOT NULL")),
    )

    @property
    def updated_at(self) -> datetime:
        """When the source changed it last, as far as it says."""
        return self.source_updated_at or self.changed_at

    @property
    def facts(self) -> tuple[Clock, Clock, Clock]:
        """First response, next response and resolution."""
        first, following, resolution = (unpack(self.clocks[name]) for name in CLOCKS)
        return first, following, resolution

    @facts.setter
    def facts(self, found: tuple[Clock, Clock, Clock]) -> None:
        self.clocks = {name: pack(clock) for name, clock in zip(CLOCKS, found, strict=True)}


class TicketEvent(Model):
    """Something that happened to a ticket. `event_id` is the source's; `ours` marks what the console concluded."""

    __tablename__ = "ticket_events"

    ticket_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("tickets.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    ours: Mapped[bool] = mapped_column(primary_key=True)
    event_id: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    kind: Mapped[str]
    value: Mapped[str | None]
    received_at: Mapped[datetime]


class SlaBreach(Model):
    """A budget that was overrun, under the versions that held. It stays, whatever is edited later.

    `began_at` is when the clock began (the ticket or the wait), `due_at` when its budget was used up. Once the clock is
    over, `settled_at` and `late_seconds` (of business time) are set for good. `overturned_at` says that it turned out
    not to be one: by events that came late ("events") or by an edit while it was not settled ("policy").
    """

    __tablename__ = "sla_breaches"

    id: Mapped[intpk]
    ticket_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("tickets.id", ondelete="CASCADE"))
    clock: Mapped[str]
    began_at: Mapped[datetime]
    due_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    late_seconds: Mapped[int | None] = mapped_column(BigInteger)
    policy_version_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("sla_policy_versions.id"))
    calendar_version_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("sla_calendar_versions.id"))
    recorded_at: Mapped[datetime]
    overturned_at: Mapped[datetime | None]
    overturned_why: Mapped[str | None]

    __table_args__ = (UniqueConstraint("ticket_id", "clock", "began_at"), Index(None, "due_at", "id"))
