"""`POST /tickets`: up to a thousand tickets in one transaction, each judged by itself."""

from typing import Any

import orjson
from flask import Response, request
from pydantic import BaseModel, ValidationError

from console.infra import clock
from console.infra.actor import Scope
from console.infra.errors import BadRequest, Fault, Invalid, TooLarge, UnsupportedType
from console.tickets import forms
from console.tickets.actions import tickets as actions
from console.tickets.actions.tickets import TicketKept, TicketWanted
from console.tickets.api.shared import bp, reply
from console.web import openapi
from console.web.auth import requires_scope
from console.web.inputs import faults_of, whole_body

MAX_ITEMS = 1_000
MAX_BYTES = 16 * 1024 * 1024
TOO_MANY = f"At most {MAX_ITEMS:,} tickets or {MAX_BYTES // 1024 // 1024} MiB a request; send several."


class TicketItemIn(forms.TicketIn):
    """A ticket with its key."""

    source: forms.Word
    external_id: forms.Word


class Rejected(BaseModel):
    """An item that was not stored; `index` counts from 0."""

    index: int
    errors: list[openapi.FaultOut]


class KeptOut(BaseModel):
    """An item that was stored; `created` when the ticket was not known before."""

    index: int
    id: int
    source: str
    external_id: str
    created: bool


class Kept(BaseModel):
    """What became of the items."""

    accepted: int
    rejected: list[Rejected]
    tickets: list[KeptOut]


ITEMS = {"type": "array", "items": {"$ref": openapi.REFS.format(model="TicketItemIn")}, "maxItems": MAX_ITEMS}


@bp.post("/tickets")
@requires_scope(Scope.INGEST)
@openapi.describe(
    "Keep up to 1,000 tickets, an array; each names its source and external_id",
    reply=Kept,
    body=TicketItemIn,
    content={"application/json": {"schema": ITEMS}},
    problems={413: TOO_MANY, 422: "Nothing was valid, and nothing was stored; `errors` says where"},
)
def post_tickets() -> Response:
    """Store what is valid; the reply tells the rest. 422 when nothing is."""
    now = clock.now()
    valid: dict[int, TicketWanted] = {}
    rejected: list[Rejected] = []
    for index, item in enumerate(_items()):
        try:
            valid[index] = _wanted(item, index)
        except Invalid as refusal:
            rejected.append(_rejected(index, refusal))
    if not valid:
        faults = [Fault(e.pointer, e.detail) for item in rejected for e in item.errors]
        raise Invalid("No ticket in this request is valid; nothing was stored.", errors=faults or [NOTHING])
    kept = actions.put(list(valid.values()), at=now)
    stored = [_kept(index, one) for index, one in zip(valid, kept, strict=True)]
    return reply(Kept(accepted=len(stored), rejected=rejected, tickets=stored))


NOTHING = Fault("", "It holds no ticket.")


def _items() -> list[Any]:
    raw = whole_body(at_most=MAX_BYTES, too_large=TOO_MANY)
    if request.mimetype != "application/json":
        raise UnsupportedType("Send 'Content-Type: application/json'.")
    try:
        found = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise BadRequest(f"The body is not JSON: {error}.") from error
    items = found if isinstance(found, list) else [found]
    if len(items) > MAX_ITEMS:
        raise TooLarge(f"{len(items):,} tickets. {TOO_MANY}", errors=[Fault(f"/{MAX_ITEMS}", "One too many.")])
    return items


def _wanted(item: Any, index: int) -> TicketWanted:
    try:
        given = TicketItemIn.model_validate(item)
    except ValidationError as error:
        faults = faults_of(error.errors(include_url=False, include_input=False, include_context=False), f"/{index}")
        raise Invalid("The ticket breaks a rule.", errors=faults) from error
    try:
        return given.wanted(forms.name(given.source, "source"), given.external_id, now=clock.now())
    except Invalid as refusal:
        at = [Fault(f"/{index}{fault.pointer}", fault.detail) for fault in refusal.errors]
        raise Invalid(refusal.detail, errors=at) from refusal


def _rejected(index: int, refusal: Invalid) -> Rejected:
    return Rejected(index=index, errors=[openapi.FaultOut(pointer=f.pointer, detail=f.detail) for f in refusal.errors])


def _kept(index: int, one: TicketKept) -> KeptOut:
    ticket = one.ticket
    return KeptOut(index=index, id=ticket.id, source=ticket.source, external_id=ticket.external_id, created=one.new)
