"""The log of deliveries over the API."""

import uuid
from datetime import datetime
from typing import Any, Literal

from flask import Response
from pydantic import BaseModel, ConfigDict, Field

from console.infra import clock
from console.infra.actor import Scope
from console.oncall import queries
from console.oncall.actions import again
from console.oncall.api.shared import SetupListing, bp, reply
from console.web.auth import current_actor, requires_scope
from console.web.inputs import query
from console.web.openapi import describe


class DeliveryListing(SetupListing):
    """Which deliveries: in a state, of a channel, of an alert."""

    state: Literal["waiting", "sending", "sent", "failed", "skipped"] | None = None
    channel: str | None = None
    alert: int | None = Field(None, ge=1, lt=2**63)


class DeliveryOut(BaseModel):
    """One step of an alert's opening, told to one recipient; `together` counts what shared its message."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    uid: uuid.UUID
    purpose: str
    alert_id: int | None
    opening: int | None
    step: int | None
    channel: str = Field(validation_alias="channel_name")
    kind: str
    recipient: str
    state: str
    attempts: int
    together: int
    message_uid: uuid.UUID | None
    created_at: datetime
    due_at: datetime
    sent_at: datetime | None
    error: str | None
    answered_at: datetime | None
    answered_by: str | None


class DeliveryPage(BaseModel):
    """Deliveries, newest first."""

    items: list[DeliveryOut]
    next_cursor: str | None


class AttemptOut(BaseModel):
    """One try: sent, failed, or lost with its worker."""

    model_config = ConfigDict(from_attributes=True)

    attempt: int
    at: datetime
    seconds: float | None
    outcome: str
    detail: str
    together: int
    message_uid: uuid.UUID


class DeliveryDetail(DeliveryOut):
    """A delivery with its tries."""

    tries: list[AttemptOut]


@bp.get("/deliveries")
@requires_scope(Scope.READ)
@describe("What was told to whom", query=DeliveryListing, reply=DeliveryPage)
def deliveries() -> Response:
    wanted = query(DeliveryListing)
    narrowed: dict[str, Any] = {"state": wanted.state or "", "channel": wanted.channel or "", "alert": wanted.alert}
    page = queries.deliveries(limit=wanted.limit, cursor=wanted.cursor, **narrowed)
    items = [DeliveryOut.model_validate(one) for one in page.items]
    return reply(DeliveryPage(items=items, next_cursor=page.next_cursor))


@bp.get("/deliveries/<int:delivery_id>")
@requires_scope(Scope.READ)
@describe("One delivery and its tries", reply=DeliveryDetail)
def delivery(delivery_id: int) -> Response:
    return reply(_delivery(delivery_id))


@bp.post("/deliveries/<int:delivery_id>/retry")
@requires_scope(Scope.ADMIN)
@describe("Send a failed delivery again", reply=DeliveryDetail, status=202, problems={409: "It has not failed"})
def retry_delivery(delivery_id: int) -> Response:
    again.send_again(delivery_id, by=current_actor(), at=clock.now())
    return reply(_delivery(delivery_id), 202)


def _delivery(delivery_id: int) -> DeliveryDetail:
    out = DeliveryOut.model_validate(queries.get_delivery(delivery_id)).model_dump()
    tries = [AttemptOut.model_validate(each) for each in queries.attempts(delivery_id)]
    return DeliveryDetail.model_validate({**out, "channel_name": out["channel"], "tries": tries})
