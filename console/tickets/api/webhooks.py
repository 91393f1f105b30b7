"""Webhooks of helpdesks. What they name is fetched from the helpdesk itself: nothing they say is taken as it is."""

import orjson
from flask import Response, request
from pydantic import BaseModel

from console.infra import clock, crypto
from console.infra.errors import BadRequest, Invalid, Unauthorized
from console.tickets.actions import sources as actions
from console.tickets.api.shared import bp, reply
from console.tickets.models import TicketSource
from console.tickets.queries import sources as reads
from console.tickets.rules.sources import zammad
from console.web.auth import public
from console.web.inputs import whole_body
from console.web.openapi import describe

MAX_BYTES = 16 * 1024 * 1024
ANYTHING = {"application/json": {"schema": {"type": "object", "additionalProperties": True}}}


class WantedOut(BaseModel):
    """The ticket that is fetched next."""

    external_id: str


@bp.post("/webhooks/zammad/<name>")
@public
@describe(
    "Zammad's webhook: the ticket it names is fetched. Needs no token but X-Hub-Signature under the source's secret",
    content=ANYTHING, reply=WantedOut, status=202,
    problems={401: "The signature is not of this body", 409: "The source is paused", 422: "It names no ticket"},
)  # fmt: skip
def zammad_webhook(name: str) -> Response:
    """The signature is checked before anything is read."""
    raw = whole_body(at_most=MAX_BYTES, too_large="At most 16 MiB; nothing was read.")
    source = reads.find(name)
    if source is None or not _signed(source, raw):
        raise Unauthorized("X-Hub-Signature is not this body's under the source's secret; nothing was read.")
    try:
        found = zammad.named(orjson.loads(raw))
    except orjson.JSONDecodeError as error:
        raise BadRequest(f"The body is not JSON: {error}.") from error
    if found is None:
        raise Invalid("It names no ticket: `ticket.id` is missing.")
    actions.want(reads.get_for_change(name), found, at=clock.now())
    return reply(WantedOut(external_id=found), 202)


def _signed(source: TicketSource, raw: bytes) -> bool:
    if source.webhook_secret is None:
        return False
    try:
        secret = crypto.unseal(source.webhook_secret)
    except crypto.Sealed:
        return False
    return zammad.signed(raw, request.headers.get("X-Hub-Signature", ""), secret)
