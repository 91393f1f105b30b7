"""Channels and routing rules, as admins set them up. Every change is audited, without its secrets."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from console.audit.actions import record
from console.infra import crypto, events
from console.infra.actor import Actor
from console.infra.db import db
from console.infra.errors import Conflict, Fault, Invalid
from console.oncall import queries
from console.oncall.models import Channel, Delivery, DeliveryState, Kind, Purpose, RoutingRule

ROOM = "oncall"


@dataclass(frozen=True, slots=True)
class ChannelWanted:
    """A channel as somebody wants it. `address` (with its `host`) and `signing_key` None keep what is stored."""

    kind: Kind
    enabled: bool = True
    recipients: Sequence[str] = ()
    address: str | None = field(default=None, repr=False)
    host: str | None = None
    signing_key: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class RuleWanted:
    """A routing rule as somebody wants it. `position` None keeps its place, or puts a new one last."""

    channels: Sequence[str]
    enabled: bool = True
    services: Sequence[str] = ()
    environments: Sequence[str] = ()
    severities: Sequence[str] = ()
    tags: dict[str, str] = field(default_factory=dict)
    renotify_minutes: int | None = None
    position: int | None = None


def put_channel(name: str, wanted: ChannelWanted, *, by: Actor, at: datetime) -> tuple[Channel, bool]:
    """Make or change a channel; True when it is new. Raises Conflict for another kind, Invalid for what is missing."""
    channel = queries.find_channel(name)
    new = channel is None
    if channel is None:
        channel = Channel(name=name, kind=wanted.kind, created_at=at, failures=0)
    elif channel.kind != wanted.kind:
        raise Conflict(f"{name} is a channel of kind {channel.kind}; make another one for {wanted.kind}.")
    before = {} if new else _channel_facts(channel)
    _fill(channel, wanted, at)
    db.session.add(channel)
    db.session.flush()
    after = _channel_facts(channel) | _secret_facts(wanted)
    changed = {key: value for key, value in after.items() if before.get(key) != value}
    _audit("channel.created" if new else "channel.changed", channel, by, changed)
    return channel, new


def delete_channel(channel: Channel, *, by: Actor) -> None:
    """Forget a channel; what it still had to send is skipped. Raises Conflict while a rule names it."""
    names = db.session.scalars(select(RoutingRule.name).where(RoutingRule.channels.any(Channel.id == channel.id))).all()
    if names:
        raise Conflict(f"Routing rule {', '.join(sorted(names))} names this channel. Change the rule first.")
    left = Delivery.state.in_([DeliveryState.WAITING, DeliveryState.SENDING])
    gone = {"state": DeliveryState.SKIPPED, "error": "The channel was deleted before this was sent."}
    db.session.execute(update(Delivery).where(Delivery.channel_id == channel.id, left).values(gone))
    _audit("channel.deleted", channel, by, _channel_facts(channel))
    db.session.delete(channel)
    db.session.flush()


def try_channel(channel: Channel, *, by: Actor, at: datetime) -> list[Delivery]:
    """Send a test message to every recipient of a channel, whatever its state, by the way that alerts take."""
    tests = [
        Delivery(
            purpose=Purpose.TEST, channel_id=channel.id, channel_name=channel.name, kind=channel.kind,
            recipient=recipient, state=DeliveryState.WAITING, created_at=at, due_at=at,
        )
        for recipient in channel.recipients or [""]
    ]  # fmt: skip
    db.session.add_all(tests)
    db.session.flush()
    _audit("channel.tested", channel, by, {})
    return tests


def put_rule(name: str, wanted: RuleWanted, *, by: Actor, at: datetime) -> tuple[RoutingRule, bool]:
    """Make or change a rule; True when it is new. Raises Invalid for a channel that does not exist."""
    named = queries.channels_named(wanted.channels)
    if missing := [channel for channel in wanted.channels if channel not in named]:
        sentence = f"There is no channel called {', '.join(missing)}."
        raise Invalid(sentence, errors=[Fault("/channels", sentence)])
    everything = list(queries.rules_locked())
    rule = next((each for each in everything if each.name == name), None)
    new = rule is None
    before = {} if rule is None else _rule_facts(rule)
    if rule is None:
        rule = RoutingRule(name=name, created_at=at, position=len(everything) + 1)
        everything.append(rule)
    for key in ("enabled", "renotify_minutes", "tags"):
        setattr(rule, key, getattr(wanted, key))
    for key in ("services", "environments", "severities"):
        setattr(rule, key, list(getattr(wanted, key)))
    rule.channels, rule.updated_at = [named[channel] for channel in dict.fromkeys(wanted.channels)], at
    db.session.add(rule)
    _place(everything, rule, wanted.position or rule.position)
    db.session.flush()
    changed = {key: value for key, value in _rule_facts(rule).items() if before.get(key) != value}
    _audit("routing_rule.created" if new else "routing_rule.changed", rule, by, changed)
    return rule, new


def move_rule(rule: RoutingRule, position: int, *, by: Actor) -> None:
    """Put a rule at another place, from 1; places beyond the ends are the ends."""
    before = rule.position
    _place(list(queries.rules_locked()), rule, position)
    db.session.flush()
    if rule.position != before:
        _audit("routing_rule.moved", rule, by, {"from": before, "to": rule.position})


def delete_rule(rule: RoutingRule, *, by: Actor) -> None:
    """Forget a rule; those behind it move up."""
    everything = [each for each in queries.rules_locked() if each.id != rule.id]
    _audit("routing_rule.deleted", rule, by, _rule_facts(rule))
    db.session.delete(rule)
    _number(everything)
    db.session.flush()


def _fill(channel: Channel, wanted: ChannelWanted, at: datetime) -> None:
    channel.enabled, channel.updated_at = wanted.enabled, at
    channel.recipients = list(dict.fromkeys(wanted.recipients)) if wanted.kind is Kind.EMAIL else []
    if wanted.address is not None:
        channel.address, channel.host = crypto.seal(wanted.address), wanted.host
    if wanted.signing_key is not None:
        channel.signing_key = crypto.seal(wanted.signing_key)
    # Whatever was wrong may be mended: it is tried again at once.
    channel.retry_at = None
    faults = _missing(channel)
    if faults:
        raise Invalid("The channel lacks what it needs; see errors.", errors=faults)


def _missing(channel: Channel) -> list[Fault]:
    needs = {
        "/recipients": (channel.kind == Kind.EMAIL and not channel.recipients, "Give at least one address."),
        "/url": (channel.kind != Kind.EMAIL and not channel.address, "Give the address to call."),
        "/secret": (channel.kind == Kind.WEBHOOK and not channel.signing_key, "Give a key to sign with."),
    }
    return [Fault(pointer, text) for pointer, (missing, text) in needs.items() if missing]


def _place(everything: list[RoutingRule], rule: RoutingRule, position: int) -> None:
    others = [each for each in everything if each is not rule]
    others.insert(max(0, min(position - 1, len(others))), rule)
    _number(others)


def _number(rules: Sequence[RoutingRule]) -> None:
    for position, rule in enumerate(rules, start=1):
        if rule.position != position:
            rule.position = position


def _audit(action: str, thing: Channel | RoutingRule, by: Actor, details: dict[str, Any]) -> None:
    events.touch(ROOM)
    kind = "channel" if isinstance(thing, Channel) else "routing_rule"
    record(action, by=by, object=(kind, str(thing.id), thing.name), details=details)


def _channel_facts(channel: Channel) -> dict[str, Any]:
    return {
        "kind": str(channel.kind),
        "enabled": channel.enabled,
        "recipients": list(channel.recipients),
        "host": channel.host,
    }


def _secret_facts(wanted: ChannelWanted) -> dict[str, Any]:
    given = {"address": wanted.address, "signing_key": wanted.signing_key}
    return {key: "replaced" for key, value in given.items() if value is not None}


def _rule_facts(rule: RoutingRule) -> dict[str, Any]:
    names = ("enabled", "services", "environments", "severities", "tags", "renotify_minutes", "position")
    return {name: getattr(rule, name) for name in names} | {"channels": sorted(c.name for c in rule.channels)}
