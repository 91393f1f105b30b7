"""What pages and programs send: channels and routing rules, read by one model each, so that both take the same."""

import re
import secrets
from base64 import b64encode
from collections.abc import Callable
from typing import Annotated, Any, Final, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from werkzeug.datastructures import MultiDict

from console.infra.errors import Fault, Invalid
from console.oncall import client
from console.oncall.actions.setup import ChannelWanted, RuleWanted
from console.oncall.models import Channel, Kind, RoutingRule
from console.oncall.rules.signing import PREFIX
from console.oncall.rules.wording import WORST_FIRST

NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
# Enough to find a typing error; whether the address exists only a mail can tell.
ADDRESS: Final = re.compile(r"[^\s@<>,;:\"()\[\]\\]{1,64}@[^\s@<>,;:\"()\[\]\\]{1,190}")
RENOTIFY_MOST: Final = 7 * 24 * 60


def _email(text: str) -> str:
    text = text.strip().lower()
    if not ADDRESS.fullmatch(text) or not text.isprintable():
        raise ValueError(f"“{text[:80]}” is no e-mail address such as olu@example.org")
    return text


def _plain(text: str) -> str:
    text = text.strip()
    if not text or not text.isprintable():
        raise ValueError("Write plain characters, for example billing-*")
    return text


M = TypeVar("M", bound=BaseModel)
Email = Annotated[str, AfterValidator(_email)]
Pattern = Annotated[str, Field(max_length=200), AfterValidator(_plain)]
Secret = Annotated[str, Field(min_length=16, max_length=200, json_schema_extra={"format": "password"})]


class ChannelIn(BaseModel):
    """A channel: `recipients` for email, `url` for slack and webhook, `secret` for webhook. Left out, both stay."""

    model_config = ConfigDict(extra="forbid")

    kind: Kind
    enabled: bool = True
    recipients: list[Email] = Field(default=[], max_length=50)
    url: Annotated[str, Field(max_length=2_000, json_schema_extra={"format": "password"})] | None = None
    secret: Secret | None = None


class RoutingRuleIn(BaseModel):
    """A routing rule. Empty lists ask nothing; `*` stands for any characters. `position` counts from 1."""

    model_config = ConfigDict(extra="forbid")

    channels: list[str] = Field(min_length=1, max_length=50)
    enabled: bool = True
    services: list[Pattern] = Field(default=[], max_length=50)
    environments: list[Pattern] = Field(default=[], max_length=50)
    severities: list[Literal["critical", "error", "warning", "info"]] = Field(default=[], max_length=4)
    tags: dict[Pattern, Pattern] = Field(default={}, max_length=20)
    renotify_minutes: int | None = Field(default=None, ge=1, le=RENOTIFY_MOST)
    position: int | None = Field(default=None, ge=1, le=10_000)


def name(text: str) -> str:
    """A name that can stand in an address; raises Invalid."""
    if not NAME.fullmatch(text):
        fault = Fault("/name", "Lower case letters, digits, dots and dashes, such as team-mail; at most 63.")
        raise Invalid("This is no name for it.", errors=[fault])
    return text


def new_name(form: MultiDict[str, str], *, taken: Callable[[str], object | None]) -> str:
    """The name of something new; raises Invalid for one that `taken` knows."""
    found = name(form.get("name", "").strip())
    if taken(found) is not None:
        raise Invalid("Nothing was saved; see the fields.", errors=[Fault("/name", "This name is taken.")])
    return found


def channel(given: ChannelIn) -> ChannelWanted:
    """What the action takes; raises Invalid for an address that may not be called or does not belong to the kind."""
    url = (given.url or "").strip() or None
    if given.kind is Kind.EMAIL and (url or given.secret):
        raise Invalid("Mail goes by the console's mail server.", errors=[Fault("/url", "A mail channel has none.")])
    host = client.check_address(url) if url else None
    key = given.secret if given.kind is Kind.WEBHOOK else None
    return ChannelWanted(given.kind, given.enabled, given.recipients, url, host, key)


def rule(given: RoutingRuleIn) -> RuleWanted:
    """What the action takes."""
    return RuleWanted(**given.model_dump())


def channel_form(form: MultiDict[str, str]) -> ChannelIn:
    """The channel that a page's form describes; raises Invalid with a fault by field."""
    return _read(
        ChannelIn,
        {
            "kind": form.get("kind", ""),
            "enabled": "enabled" in form,
            "recipients": _words(form.get("recipients", "")),
            "url": form.get("url", "").strip() or None,
            "secret": form.get("secret", "").strip() or None,
        },
    )


def rule_form(form: MultiDict[str, str]) -> RoutingRuleIn:
    """The rule that a page's form describes; raises Invalid with a fault by field."""
    minutes = form.get("renotify_minutes", "").strip()
    return _read(
        RoutingRuleIn,
        {
            "channels": form.getlist("channels"),
            "enabled": "enabled" in form,
            "services": _words(form.get("services", "")),
            "environments": _words(form.get("environments", "")),
            "severities": form.getlist("severities"),
            "tags": _pairs(form.get("tags", "")),
            "renotify_minutes": minutes or None,
        },
    )


def typed_channel(found: Channel | None, kind: Kind) -> dict[str, Any]:
    """What the form of a channel shows at first. A new webhook gets a key; a stored one is never shown again."""
    if found is None:
        key = PREFIX + b64encode(secrets.token_bytes(32)).decode() if kind is Kind.WEBHOOK else ""
        return {"name": "", "kind": kind, "enabled": "on", "recipients": "", "url": "", "secret": key}
    return {
        "name": found.name,
        "kind": found.kind,
        "enabled": "on" if found.enabled else "",
        "recipients": "\n".join(found.recipients),
    }


def typed_rule(found: RoutingRule | None) -> dict[str, Any]:
    """What the form of a rule shows at first."""
    if found is None:
        return {"enabled": "on", "severities": [], "channels": []}
    return {
        "name": found.name,
        "enabled": "on" if found.enabled else "",
        "services": ", ".join(found.services),
        "environments": ", ".join(found.environments),
        "severities": found.severities,
        "tags": "\n".join(f"{key}={value}" for key, value in sorted(found.tags.items())),
        "renotify_minutes": found.renotify_minutes or "",
        "channels": [one.name for one in found.channels],
    }


def retyped(form: MultiDict[str, str]) -> dict[str, Any]:
    """What was typed, for a form that is shown again."""
    lists = {key: form.getlist(key) for key in ("severities", "channels")}
    return {key: form.get(key, "") for key in form} | lists


def faults(refusal: Invalid) -> dict[str, str]:
    """The sentence for each field, by the field's name."""
    found: dict[str, str] = {}
    for fault in refusal.errors:
        found.setdefault(fault.pointer.split("/")[1], fault.detail.removeprefix("Value error, "))
    return found


SEVERITIES: Final = WORST_FIRST


def _read(model: type[M], found: dict[str, Any]) -> M:
    try:
        return model.model_validate(found)
    except ValidationError as error:
        lines = [Fault("/" + "/".join(map(str, e["loc"])), e["msg"]) for e in error.errors(include_input=False)]
        raise Invalid("Nothing was saved; see the fields.", errors=lines) from error


def _words(text: str) -> list[str]:
    return [word.strip() for word in re.split(r"[,\n]", text) if word.strip()]


def _pairs(text: str) -> dict[str, str]:
    pairs = [word.partition("=") for word in _words(text)]
    if any(not value for _, _, value in pairs):
        raise Invalid("Nothing was saved; see the fields.", errors=[Fault("/tags", "Write key=value, one a line.")])
    return {key.strip(): value.strip() for key, _, value in pairs}
