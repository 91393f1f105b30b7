"""SLA policies over the API."""

from datetime import datetime
from typing import Any

from flask import Response, make_response
from pydantic import BaseModel

from console.infra import clock
from console.infra.actor import Scope
from console.tickets import forms, jobs
from console.tickets.actions import promises
from console.tickets.api.shared import Part, bp, reply
from console.tickets.forms import PolicyIn
from console.tickets.models import SlaPolicy
from console.tickets.queries import promises as reads
from console.web.auth import current_actor, requires_scope
from console.web.inputs import body, query
from console.web.openapi import describe


class PolicyOut(BaseModel):
    """A policy in the version that holds; the first by `position` that matches a ticket decides."""

    name: str
    calendar: str
    position: int
    match: dict[str, list[str]]
    targets: dict[str, dict[str, float | int | None]]
    paused_statuses: list[str]
    at_risk: dict[str, float | int]
    version: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, found: SlaPolicy) -> "PolicyOut":
        """As it is now."""
        names = ("name", "position", "version", "created_at", "updated_at")
        told: dict[str, Any] = {name: getattr(found, name) for name in names}
        return cls(**told, **reads.policy_version(found).body)


class PolicyPage(BaseModel):
    """Policies in the order in which they are asked."""

    items: list[PolicyOut]
    next_cursor: str | None


@bp.get("/sla/policies")
@requires_scope(Scope.READ)
@describe("SLA policies, in the order in which they are asked", query=Part, reply=PolicyPage)
def list_policies() -> Response:
    """A page of policies."""
    wanted = query(Part)
    page = reads.policies(limit=wanted.limit, cursor=wanted.cursor)
    return reply(PolicyPage(items=[PolicyOut.of(one) for one in page.items], next_cursor=page.next_cursor))


@bp.get("/sla/policies/<name>")
@requires_scope(Scope.READ)
@describe("One SLA policy", reply=PolicyOut)
def get_policy(name: str) -> Response:
    """One policy."""
    return reply(PolicyOut.of(reads.get_policy(name)))


@bp.put("/sla/policies/<name>")
@requires_scope(Scope.ADMIN)
@describe("Make or change an SLA policy; open tickets are counted anew", body=PolicyIn, reply=PolicyOut)
def put_policy(name: str) -> Response:
    """A new version, unless it says what the last one said."""
    wanted, by = body(PolicyIn), current_actor()
    saved = promises.put_policy(forms.name(name), wanted.position, wanted.body(), by=by, at=clock.now())
    jobs.carry_on(saved.rebuild, by=by)
    return reply(PolicyOut.of(reads.get_policy(name)), 201 if saved.new else 200)


@bp.delete("/sla/policies/<name>")
@requires_scope(Scope.ADMIN)
@describe("Delete an SLA policy; its open tickets fall to the next that matches", status=204)
def delete_policy(name: str) -> Response:
    """Its versions stay with what was counted by them."""
    rebuild = promises.delete_policy(reads.get_policy(name), by=current_actor(), at=clock.now())
    jobs.carry_on(rebuild, by=current_actor())
    return make_response("", 204)
