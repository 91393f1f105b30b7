"""Channels and routing rules over the API."""

from datetime import datetime

from flask import Response, make_response
from pydantic import BaseModel, ConfigDict

from console.infra import clock
from console.infra.actor import Scope
from console.oncall import forms, queries
from console.oncall.actions import setup
from console.oncall.api.shared import SetupListing, bp, reply
from console.oncall.forms import ChannelIn, RoutingRuleIn
from console.oncall.models import Channel, Kind, RoutingRule
from console.web.auth import current_actor, requires_scope
from console.web.inputs import body, query
from console.web.openapi import describe


class ChannelOut(BaseModel):
    """A channel without its secrets; `host` is where it leads, `failures` counts tries in a row that failed."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    kind: Kind
    enabled: bool
    recipients: list[str]
    host: str | None
    failures: int
    failing_since: datetime | None
    last_error: str | None
    last_sent_at: datetime | None
    created_at: datetime
    updated_at: datetime


class ChannelPage(BaseModel):
    """Channels by name."""

    items: list[ChannelOut]
    next_cursor: str | None


class RoutingRuleOut(BaseModel):
    """A routing rule; the first by `position` that matches an alert decides alone."""

    name: str
    position: int
    enabled: bool
    services: list[str]
    environments: list[str]
    severities: list[str]
    tags: dict[str, str]
    channels: list[str]
    renotify_minutes: int | None
    created_at: datetime
    updated_at: datetime


class RoutingRulePage(BaseModel):
    """Routing rules in the order in which they are asked."""

    items: list[RoutingRuleOut]
    next_cursor: str | None


class TestAsked(BaseModel):
    """The deliveries of a test, one for each recipient; ask for them to see what became of it."""

    deliveries: list[int]


@bp.get("/channels")
@requires_scope(Scope.READ)
@describe("All channels", query=SetupListing, reply=ChannelPage)
def channels() -> Response:
    wanted = query(SetupListing)
    page = queries.channels_page(limit=wanted.limit, cursor=wanted.cursor)
    return reply(ChannelPage(items=[_channel(one) for one in page.items], next_cursor=page.next_cursor))


@bp.get("/channels/<name>")
@requires_scope(Scope.READ)
@describe("One channel", reply=ChannelOut)
def channel(name: str) -> Response:
    return reply(_channel(queries.get_channel(name)))


@bp.put("/channels/<name>")
@requires_scope(Scope.ADMIN)
@describe("Make or change a channel", body=ChannelIn, reply=ChannelOut, problems={409: "It is of another kind"})
def put_channel(name: str) -> Response:
    wanted = forms.channel(body(ChannelIn))
    found, new = setup.put_channel(forms.name(name), wanted, by=current_actor(), at=clock.now())
    return reply(_channel(found), 201 if new else 200)


@bp.delete("/channels/<name>")
@requires_scope(Scope.ADMIN)
@describe("Delete a channel", status=204, problems={409: "A routing rule names it"})
def delete_channel(name: str) -> Response:
    setup.delete_channel(queries.get_channel_for_change(name), by=current_actor())
    return make_response("", 204)


@bp.post("/channels/<name>/test")
@requires_scope(Scope.ADMIN)
@describe("Send a test message to every recipient of a channel", reply=TestAsked, status=202)
def test_channel(name: str) -> Response:
    asked = setup.try_channel(queries.get_channel(name), by=current_actor(), at=clock.now())
    return reply(TestAsked(deliveries=[delivery.id for delivery in asked]), 202)


@bp.get("/routing-rules")
@requires_scope(Scope.READ)
@describe("All routing rules", query=SetupListing, reply=RoutingRulePage)
def rules() -> Response:
    wanted = query(SetupListing)
    page = queries.rules_page(limit=wanted.limit, cursor=wanted.cursor)
    return reply(RoutingRulePage(items=[_rule(one) for one in page.items], next_cursor=page.next_cursor))


@bp.get("/routing-rules/<name>")
@requires_scope(Scope.READ)
@describe("One routing rule", reply=RoutingRuleOut)
def rule(name: str) -> Response:
    return reply(_rule(queries.get_rule(name)))


@bp.put("/routing-rules/<name>")
@requires_scope(Scope.ADMIN)
@describe("Make or change a routing rule", body=RoutingRuleIn, reply=RoutingRuleOut)
def put_rule(name: str) -> Response:
    wanted = forms.rule(body(RoutingRuleIn))
    found, new = setup.put_rule(forms.name(name), wanted, by=current_actor(), at=clock.now())
    return reply(_rule(found), 201 if new else 200)


@bp.delete("/routing-rules/<name>")
@requires_scope(Scope.ADMIN)
@describe("Delete a routing rule", status=204)
def delete_rule(name: str) -> Response:
    setup.delete_rule(queries.get_rule(name), by=current_actor())
    return make_response("", 204)


def _channel(found: Channel) -> ChannelOut:
    return ChannelOut.model_validate(found)


def _rule(found: RoutingRule) -> RoutingRuleOut:
    facts = {name: getattr(found, name) for name in RoutingRuleOut.model_fields if name != "channels"}
    return RoutingRuleOut(**facts, channels=[one.name for one in found.channels])
