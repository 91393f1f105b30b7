"""The load shared out over the API: a plan to look at, and the same plan done."""

from typing import Annotated, Any, Self

from flask import Response
from pydantic import BaseModel, ConfigDict, Field, model_validator

from console.alerts.api.schemas import Word
from console.infra import clock
from console.infra.actor import Scope
from console.tickets.actions import sharing as actions
from console.tickets.actions.sharing import OWNERS_MOST, Looked
from console.tickets.api.schemas import filters_of
from console.tickets.api.shared import bp, reply
from console.tickets.api.views import QueueFilterIn
from console.tickets.queries.sharing import MOST, Chosen
from console.tickets.rules.sharing import ONE, Share, weight
from console.tickets.rules.standing import State
from console.web.auth import current_actor, requires_scope
from console.web.inputs import body
from console.web.openapi import describe

Id = Annotated[int, Field(ge=1, lt=2**63)]


class SharingIn(BaseModel):
    """Which tickets (their numbers here, or a filter of the queue for all that it shows, 500 at most), and for whom."""

    model_config = ConfigDict(extra="forbid")

    ids: list[Id] | None = Field(None, min_length=1, max_length=MOST)
    filter: QueueFilterIn | None = None
    owners: list[Word] = Field(min_length=1, max_length=OWNERS_MOST, description="As the helpdesk calls them.")

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.ids is None) == (self.filter is None):
            raise ValueError("Send either ids or a filter.")
        return self

    def chosen(self) -> Chosen:
        """As the queries take it."""
        return Chosen(ids=self.ids) if self.filter is None else Chosen(filters=filters_of(self.filter))


class SharingOrderIn(SharingIn):
    """`expect` is how many tickets the preview had; with its `plan`, exactly that plan is done or none."""

    expect: int = Field(ge=0)
    plan: str | None = Field(None, max_length=40)


class LoadOut(BaseModel):
    """What somebody has open, by state; `weight` counts it in tickets on track."""

    open: int
    breached: int
    at_risk: int
    on_track: int
    paused: int
    weight: float

    @classmethod
    def of(cls, states: Any) -> Self:
        """As counted."""
        named = {State.BREACHED: "breached", State.AT_RISK: "at_risk", State.OK: "on_track", State.PAUSED: "paused"}
        found = {name: states[state] for state, name in named.items()}
        return cls(open=sum(states.values()), weight=weight(states) / ONE, **found)


class ShareOut(BaseModel):
    """An owner: how many of the tickets they get, how many of these are new to them, what they have now and then."""

    owner: str
    gets: int
    new: int
    before: LoadOut
    after: LoadOut

    @classmethod
    def of(cls, share: Share) -> Self:
        """As planned."""
        loads = {"before": LoadOut.of(share.before), "after": LoadOut.of(share.after)}
        return cls(owner=share.owner, gets=share.gets, new=share.new, **loads)


class GivenOut(BaseModel):
    """A ticket by its number here, and who gets it."""

    id: int
    assignee: str


class SharingOut(BaseModel):
    """So many open tickets, of which `moves` change hands; `plan` is another word for every other distribution."""

    tickets: int
    moves: int
    plan: str
    owners: list[ShareOut]
    assignments: list[GivenOut]

    @classmethod
    def of(cls, found: Looked) -> Self:
        """As planned."""
        plan = found.plan
        given = [GivenOut(id=number, assignee=owner) for number, owner in sorted(plan.owners.items())]
        owners = [ShareOut.of(share) for share in plan.shares]
        return cls(tickets=found.tickets, moves=plan.moves, plan=plan.key, owners=owners, assignments=given)


@bp.post("/tickets/sharing/preview")
@requires_scope(Scope.READ)
@describe("Who would get which ticket if they were shared out; nothing changes", body=SharingIn, reply=SharingOut)
def preview_sharing() -> Response:
    """The most pressing first, each to whoever then has the least."""
    wanted = body(SharingIn)
    return reply(SharingOut.of(actions.look(wanted.chosen(), wanted.owners)))


@bp.post("/tickets/sharing")
@requires_scope(Scope.WRITE)
@describe(
    "Share open tickets out among owners by their load; their helpdesk is not told",
    body=SharingOrderIn,
    reply=SharingOut,
    problems={409: "Another number is open now than `expect`, or the plan is another one; nothing was done"},
)
def share_out() -> Response:
    """As the preview said, or not at all."""
    asked, by = body(SharingOrderIn), current_actor()
    done = actions.share(asked.chosen(), asked.owners, expect=asked.expect, key=asked.plan, by=by, at=clock.now())
    return reply(SharingOut.of(done))
