"""A source of tickets as pages and programs send it, read by one model, so that both take the same."""

import re
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from werkzeug.datastructures import MultiDict

from console.infra.errors import Fault, Invalid
from console.tickets import client
from console.tickets.actions.sources import SourceWanted
from console.tickets.forms import Word
from console.tickets.models import TicketSource
from console.tickets.queries import sources as reads
from console.tickets.rules.sources import query as queries
from console.tickets.rules.sources.feed import SourceKind
from console.tickets.rules.sources.rows import FIELDS, REQUIRED, RESOLVED
from console.web.inputs import faults_of

NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
NEEDED: Final = (*REQUIRED, "updated_at")
EXAMPLE: Final = """\
SELECT t.id, t.subject, t.status, t.priority, o.name AS organization, u.email AS assigned_agent,
       p.name AS sla_policy, t.created_at, t.updated_at, t.first_response_due, t.resolution_due
FROM helpdesk_ticket t
LEFT JOIN helpdesk_organization o ON o.id = t.organization_id
LEFT JOIN auth_user u ON u.id = t.assigned_agent_id
LEFT JOIN helpdesk_slapolicy p ON p.id = t.sla_policy_id"""
COLUMNS: Final = {
    "external_id": "id", "subject": "subject", "status": "status", "priority": "priority",
    "organization": "organization", "assignee": "assigned_agent", "sla_policy": "sla_policy",
    "created_at": "created_at", "updated_at": "updated_at", "first_response_due": "first_response_due",
    "resolution_due": "resolution_due",
}  # fmt: skip
Field_ = Literal[
    "external_id", "subject", "status", "priority", "organization", "requester", "assignee", "group", "url", "tags",
    "sla_policy", "created_at", "updated_at", "first_responded_at", "resolved_at", "first_response_due",
    "next_response_due", "resolution_due",
]  # fmt: skip


def _zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("There is no such time zone; write one such as Europe/Berlin") from None
    return text


Zone = Annotated[str, Field(max_length=100), AfterValidator(_zone)]
Secret = Annotated[str, Field(max_length=2_000, json_schema_extra={"format": "password"})]


class TicketSourceIn(BaseModel):
    """A helpdesk to follow. `url`, `token` and `webhook_secret` may be left out to keep what is stored.

    `sql`: `query` reads the helpdesk's own PostgreSQL, `columns` says which of its columns are which fields;
    external_id, subject, created_at and updated_at are needed. Times without an offset are of `timezone`.
    `zammad`: `url` is the address of its site, `token` one that may read tickets.
    """

    model_config = ConfigDict(extra="forbid")

    kind: SourceKind
    url: Secret | None = None
    token: Secret | None = None
    webhook_secret: Secret | None = None
    query: Annotated[str, Field(max_length=queries.LONGEST)] = ""
    columns: dict[Field_, Word] = Field(default={}, max_length=len(FIELDS))
    timezone: Zone = "UTC"
    resolved_statuses: list[Word] = Field(default=list(RESOLVED), max_length=50)
    interval_seconds: int = Field(default=60, ge=5, le=86_400)
    overlap_seconds: int = Field(default=120, ge=0, le=86_400)
    enabled: bool = True

    @model_validator(mode="after")
    def _belongs(self) -> "TicketSourceIn":
        if self.kind is SourceKind.ZAMMAD and (self.query or self.columns):
            raise ValueError("query and columns belong to sql")
        if self.kind is SourceKind.SQL and (self.token or self.webhook_secret):
            raise ValueError("token and webhook_secret belong to zammad")
        return self

    def options(self) -> dict[str, Any]:
        """What is stored of how to read it."""
        plain = self.model_dump(mode="json", include={"timezone", "resolved_statuses", "overlap_seconds"})
        if self.kind is SourceKind.ZAMMAD:
            return plain
        return {**plain, "query": self.query, "columns": {str(name): column for name, column in self.columns.items()}}


def source_name(text: str) -> str:
    """A name that can stand in an address and be a ticket's source; raises Invalid."""
    if not NAME.fullmatch(text):
        fault = Fault("/name", "Lower case letters, digits, dots and dashes, such as helpdesk; at most 63.")
        raise Invalid("This is no name for a source.", errors=[fault])
    return text


def read_source(given: TicketSourceIn) -> SourceWanted:
    """What the action takes; raises Invalid for an address or a query that cannot be followed."""
    faults = _query_faults(given) if given.kind is SourceKind.SQL else []
    secrets: dict[str, Any] = {
        name: (getattr(given, name) or "").strip() or None for name in ("url", "token", "webhook_secret")
    }
    place = None
    if secrets["url"]:
        try:
            place = client.place_of(given.kind, secrets["url"])
        except client.Trouble as trouble:
            faults += trouble.faults
    if faults:
        raise Invalid("This source cannot be followed; see errors.", errors=faults)
    return SourceWanted(
        given.kind, given.options(), given.interval_seconds, enabled=given.enabled, place=place, **secrets
    )


def _query_faults(given: TicketSourceIn) -> list[Fault]:
    faults = [Fault(f"/columns/{name}", f"{name} needs a column.") for name in NEEDED if name not in given.columns]
    try:
        queries.check(given.query)
    except queries.Refused as error:
        faults.append(Fault("/query", str(error)))
    return faults


def source_form(form: "MultiDict[str, str]") -> TicketSourceIn:
    """The source that a page's form describes; raises Invalid with a fault by field."""
    words = [word.strip() for word in re.split(r"[,\n]", form.get("resolved_statuses", "")) if word.strip()]
    columns = {name: form.get(f"column-{name}", "").strip() for name in FIELDS}
    plain = {name: form.get(name, "").strip() for name in ("kind", "url", "token", "webhook_secret", "query")}
    numbers = {name: form.get(name, "").strip() for name in ("timezone", "interval_seconds", "overlap_seconds")}
    given: dict[str, Any] = {name: value for name, value in {**plain, **numbers}.items() if value}
    given |= {"columns": {name: column for name, column in columns.items() if column}}
    try:
        return TicketSourceIn.model_validate({**given, "resolved_statuses": words, "enabled": "enabled" in form})
    except ValidationError as error:
        faults = faults_of(error.errors(include_url=False, include_input=False))
        raise Invalid("Nothing was saved; see the fields.", errors=faults) from error


def typed_source(found: TicketSource | None, kind: SourceKind) -> dict[str, Any]:
    """What the form shows at first; stored secrets are never shown again."""
    if found is None:
        example = {"query": EXAMPLE, "columns": COLUMNS} if kind is SourceKind.SQL else {"query": "", "columns": {}}
        options = {"timezone": "UTC", "resolved_statuses": list(RESOLVED), "overlap_seconds": 120, **example}
        return {"kind": kind, "interval_seconds": 60, "enabled": "on", **_shown(options)}
    same = {"name": found.name, "kind": SourceKind(found.kind), "interval_seconds": found.interval_seconds}
    return {**same, "enabled": "on" if found.enabled else "", **_shown(found.options)}


def _shown(options: dict[str, Any]) -> dict[str, Any]:
    columns = {f"column-{name}": column for name, column in options.get("columns", {}).items()}
    return {**options, **columns, "resolved_statuses": "\n".join(options["resolved_statuses"])}


def retyped(form: "MultiDict[str, str]") -> dict[str, Any]:
    """What was typed, for a form that is shown again; secrets must be typed anew."""
    return {key: form.get(key, "") for key in form if key not in {"url", "token", "webhook_secret"}}


def faults(refusal: Invalid) -> dict[str, str]:
    """The sentence for each field, by the field's name in the form."""
    found: dict[str, str] = {}
    for fault in refusal.errors:
        parts = fault.pointer.strip("/").split("/")
        name = f"column-{parts[1]}" if parts[0] == "columns" and len(parts) > 1 else parts[0]
        found.setdefault(name or "kind", fault.detail.removeprefix("Value error, "))
    return found


def new_source_name(form: "MultiDict[str, str]") -> str:
    """The name of a new source; raises Invalid for one that is taken."""
    found = source_name(form.get("name", "").strip())
    if reads.find(found) is not None:
        raise Invalid("Nothing was saved; see the fields.", errors=[Fault("/name", "This name is taken.")])
    return found
