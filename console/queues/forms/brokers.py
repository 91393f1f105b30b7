"""A broker as pages and programs send it, read by one model, so that both take the same."""

import re
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from werkzeug.datastructures import MultiDict

from console.infra.errors import Fault, Invalid
from console.queues import client, queries
from console.queues.actions import BrokerWanted
from console.queues.models import Broker
from console.queues.rules.brokers import CONSOLE, Kind

NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")


def _plain(text: str) -> str:
    text = text.strip()
    if not text or not text.isprintable():
        raise ValueError("Write plain characters, for example billing")
    return text


def _prefix(text: str) -> str:
    if not text.isprintable():
        raise ValueError("Write plain characters, as global_keyprefix has them")
    return text


Word = Annotated[str, Field(max_length=200), AfterValidator(_plain)]


class BrokerIn(BaseModel):
    """A broker to watch. `url` may be left out to keep the stored one.

    `queues` empty watches all that are found. `prefix` is Celery's `global_keyprefix`, `result_db` the Redis database
    of Celery's results where it is another one than the broker's.
    """

    model_config = ConfigDict(extra="forbid")

    kind: Kind
    service: Word
    environment: Word = "production"
    url: Annotated[str, Field(max_length=2_000, json_schema_extra={"format": "password"})] | None = None
    read_only: bool = False
    enabled: bool = True
    queues: list[Word] = Field(default=[], max_length=100)
    prefix: Annotated[str, Field(max_length=200), AfterValidator(_prefix)] = ""
    result_db: int | None = Field(default=None, ge=0, le=100_000)

    @model_validator(mode="after")
    def _celery_only(self) -> "BrokerIn":
        if self.kind is Kind.RQ and (self.prefix or self.result_db is not None):
            raise ValueError("prefix and result_db belong to Celery")
        return self


def broker_name(text: str) -> str:
    """A name that can stand in an address; raises Invalid."""
    if not NAME.fullmatch(text):
        fault = Fault("/name", "Lower case letters, digits, dots and dashes, such as billing-rq; at most 63.")
        raise Invalid("This is no name for a broker.", errors=[fault])
    return text


def new_broker_name(form: "MultiDict[str, str]") -> str:
    """The name of a new broker; raises Invalid for one that is taken."""
    found = broker_name(form.get("name", "").strip())
    if found == CONSOLE.name or queries.find_broker(found) is not None:
        raise Invalid("Nothing was saved; see the fields.", errors=[Fault("/name", "This name is taken.")])
    return found


def read_broker(given: BrokerIn) -> BrokerWanted:
    """What the action takes; raises Invalid for an address that cannot be watched."""
    url = (given.url or "").strip() or None
    address = client.read_address(url) if url else None
    return BrokerWanted(**given.model_dump(exclude={"url"}), url=url, address=address)


def broker_form(form: "MultiDict[str, str]") -> BrokerIn:
    """The broker that a page's form describes; raises Invalid with a fault by field."""
    result_db = form.get("result_db", "").strip()
    found = {name: form.get(name, "").strip() for name in ("kind", "service", "environment", "prefix")}
    found["environment"] = found["environment"] or "production"
    switches = {name: name in form for name in ("read_only", "enabled")}
    queues = [word.strip() for word in re.split(r"[,\n]", form.get("queues", "")) if word.strip()]
    rest: dict[str, Any] = {"url": form.get("url", "").strip() or None, "queues": queues}
    try:
        return BrokerIn.model_validate({**found, **switches, **rest, "result_db": result_db or None})
    except ValidationError as error:
        lines = [Fault("/" + "/".join(map(str, e["loc"])), e["msg"]) for e in error.errors(include_input=False)]
        raise Invalid("Nothing was saved; see the fields.", errors=lines) from error


def typed_broker(found: Broker | None, kind: Kind) -> dict[str, Any]:
    """What the form of a broker shows at first; a stored address is never shown again."""
    if found is None:
        return {"kind": kind, "enabled": "on", "read_only": "on", "environment": "production"}
    same = {name: getattr(found, name) for name in ("name", "kind", "service", "environment", "prefix")}
    switches = {name: "on" if getattr(found, name) else "" for name in ("read_only", "enabled")}
    result_db = "" if found.result_db is None else found.result_db
    return {**same, **switches, "queues": "\n".join(found.queues), "result_db": result_db}


def retyped(form: "MultiDict[str, str]") -> dict[str, Any]:
    """What was typed, for a form that is shown again; the address must be typed anew, it is a secret."""
    return {key: form.get(key, "") for key in form if key != "url"}


def faults(refusal: Invalid) -> dict[str, str]:
    """The sentence for each field, by the field's name."""
    found: dict[str, str] = {}
    for fault in refusal.errors:
        name = fault.pointer.strip("/").split("/")[0]
        found.setdefault(name or "kind", fault.detail.removeprefix("Value error, "))
    return found
