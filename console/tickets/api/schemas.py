"""Tickets as the API tells of them."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from console.tickets.api.shared import Ahead, Part
from console.tickets.models import Ticket
from console.tickets.queries.lists import Filters
from console.tickets.queries.tickets import Sla
from console.tickets.rules import within
from console.tickets.rules.history import Event
from console.tickets.rules.standing import Standing, State
from console.web.inputs import Utc

FIELDS = (
    "id", "source", "external_id", "subject", "status", "initial_status", "priority", "organization", "requester",
    "assignee", "group", "tags", "url", "created_at", "updated_at", "resolved_at",
    "source_deadlines",
)  # fmt: skip


class ClockOut(BaseModel):
    """One clock, in business minutes. `due_at` is null while it is paused, when it is over, and without a target."""

    model_config = ConfigDict(from_attributes=True)

    target_minutes: float | int | None
    due_at: datetime | None
    at_risk_at: datetime | None
    elapsed_minutes: int | None
    remaining_minutes: float | int | None
    completed_at: datetime | None
    breached_at: datetime | None
    state: State

    @classmethod
    def of(cls, found: Standing) -> "ClockOut":
        """As it stands."""
        return cls.model_validate(found)


class SlaOut(BaseModel):
    """What was promised for a ticket and how it stands; `next_due_at` is the nearest deadline of a running clock."""

    policy: str | None
    calendar: str | None
    first_response: ClockOut
    next_response: ClockOut
    resolution: ClockOut
    next_due_at: datetime | None
    state: State

    @classmethod
    def of(cls, sla: Sla) -> "SlaOut":
        """As it stands."""
        clocks: dict[str, Any] = {name: ClockOut.of(found) for name, found in sla.clocks.items()}
        promise = sla.promise
        named = (promise.name, promise.calendar) if promise else (None, None)
        return cls(policy=named[0], calendar=named[1], **clocks, next_due_at=sla.next_due_at, state=sla.state)


class TicketOut(BaseModel):
    """A ticket and how it stands. `status`, `priority` and `assignee` are what its events make of them."""

    id: int
    source: str
    external_id: str
    subject: str
    status: str | None
    initial_status: str
    priority: str | None
    organization: str | None
    requester: str | None
    assignee: str | None
    group: str | None
    tags: list[str]
    url: str | None
    created_at: datetime
    updated_at: datetime
    resolved_at: datetime | None
    source_deadlines: dict[str, str | None] | None = Field(
        description="What the source itself promised, where it tells: its policy, and by clock its deadlines."
    )
    sla: SlaOut

    @classmethod
    def of(cls, ticket: Ticket, sla: Sla) -> "TicketOut":
        """As it stands."""
        return cls(**{name: getattr(ticket, name) for name in FIELDS}, sla=SlaOut.of(sla))


class EventOut(BaseModel):
    """Something that happened to a ticket; `value` is the status, priority or assignee it tells of."""

    id: str
    at: datetime
    type: str
    status: str | None = None
    priority: str | None = None
    assignee: str | None = None


class TicketDetail(TicketOut):
    """A ticket with the events that its source told of, the oldest first."""

    events: list[EventOut]

    @classmethod
    def whole(cls, ticket: Ticket, sla: Sla, events: list[Event]) -> "TicketDetail":
        """As it stands."""
        told = sorted((event for event in events if not event.ours), key=lambda event: event.order)
        fields = {name: getattr(ticket, name) for name in FIELDS}
        return cls(**fields, sla=SlaOut.of(sla), events=[_event(event) for event in told])


def _event(event: Event) -> EventOut:
    value = {"assigned": "assignee"}.get(event.kind.value, event.kind.value)
    named = {value: event.value} if value in EventOut.model_fields and event.value is not None else {}
    return EventOut(id=event.id, at=event.at, type=event.kind.value, **named)


class TicketPage(BaseModel):
    """Tickets by nearest deadline, those without one last."""

    items: list[TicketOut]
    next_cursor: str | None


class QueueIn(Part):
    """Which tickets. `assignee=none` asks for those that nobody has."""

    state: State | None = None
    assignee: str | None = None
    priority: str | None = None
    organization: str | None = None
    policy: str | None = None
    source: str | None = None
    due_before: Utc | None = Field(None, description="The nearest deadline lies before this instant.")
    due_within: Ahead | None = None

    def filters(self) -> Filters:
        """As the query takes them."""
        return filters_of(self)


def filters_of(asked: Any) -> Filters:
    """The fields of a model that are the queue's, as queries take them."""
    given = {name: getattr(asked, name) for name in Filters.__dataclass_fields__}
    return Filters(**{**given, "due_within": within.read(asked.due_within) if asked.due_within else None})


class TicketAssignmentIn(BaseModel):
    """Tickets by their numbers here, and who shall have them as the helpdesk calls them; null is nobody."""

    model_config = ConfigDict(extra="forbid")

    ids: list[Annotated[int, Field(ge=1, lt=2**63)]] = Field(min_length=1, max_length=200)
    assignee: str | None


class AssignmentOut(BaseModel):
    """How many changed hands, and how many were resolved, gone or theirs already."""

    assigned: int
    left: int
