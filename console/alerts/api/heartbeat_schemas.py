"""Heartbeats and pings as the API shows them, and what a PUT takes."""

import base64
from datetime import datetime
from typing import Any, Literal, Self
from uuid import UUID

from flask import request
from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from console.alerts.api.schemas import SeverityWord
from console.alerts.models import Heartbeat, HeartbeatPing
from console.alerts.rules.heartbeats.address import BadAddress, slug_of
from console.alerts.rules.heartbeats.wanted import DAY, DEFAULT_SERVICE, HOUR, YEAR, Wanted
from console.alerts.rules.states import Severity
from console.infra.errors import Fault, Invalid
from console.infra.paging import Page
from console.infra.scrub import scrub_text

StateWord = Literal["new", "up", "late", "missed", "unfinished", "failed", "paused"]
Word = Field(None, min_length=1, max_length=200, pattern=r"^[^\x00]+$")


def _also(*names: str) -> AliasChoices:
    return AliasChoices(*names)


class HeartbeatIn(BaseModel):
    """Either `period_seconds` or `cron` in `timezone`; without both, a day. Healthchecks' names are read as well."""

    model_config = ConfigDict(extra="forbid", validate_by_name=True, validate_by_alias=True)

    name: str | None = Word
    slug: str | None = Field(None, pattern=r"^[a-z0-9_-]{1,100}$", description="Made of the name when left out.")
    period_seconds: int | None = Field(
        None, ge=1, le=YEAR, validation_alias=_also("period_seconds", "period", "timeout")
    )
    cron: str | None = Field(
        None, max_length=200, validation_alias=_also("cron", "schedule"), description="Five fields: 30 2 * * *"
    )
    timezone: str = Field("UTC", max_length=100, validation_alias=_also("timezone", "tz"), description="IANA zone")
    grace_seconds: int = Field(HOUR, ge=1, le=YEAR, validation_alias=_also("grace_seconds", "grace"))
    service: str = Field(DEFAULT_SERVICE, min_length=1, max_length=200)
    environment: str = Field("production", min_length=1, max_length=200)
    severity: SeverityWord = "error"
    tags: dict[str, Any] = Field(default_factory=dict)
    runbook_url: str | None = Field(None, max_length=2000)

    def wanted(self, address: str) -> Wanted:
        """What is asked for under this name or slug; raises Invalid when no slug can be made of it."""
        name = self.name or address
        try:
            slug = self.slug or slug_of(name)
        except BadAddress as error:
            raise Invalid("This name makes no slug.", errors=[Fault("/name", str(error))]) from error
        period = self.period_seconds if self.period_seconds or self.cron else DAY
        rest = self.model_dump(exclude={"name", "slug", "period_seconds", "severity"})
        return Wanted(name=name, slug=slug, period_seconds=period, severity=Severity[self.severity.upper()], **rest)


class HeartbeatOut(BaseModel):
    """A heartbeat. `state`: `late` is expected and within its grace; `missed` never came, `unfinished` never ended."""

    id: int
    uuid: UUID
    name: str
    slug: str
    service: str
    environment: str
    severity: SeverityWord
    tags: dict[str, Any]
    runbook_url: str | None
    period_seconds: int | None
    cron: str | None
    timezone: str
    grace_seconds: int
    state: StateWord
    state_since: datetime
    pings_count: int
    last_ping_at: datetime | None
    last_duration_seconds: float | None
    started_at: datetime | None
    next_expected_at: datetime | None
    deadline_at: datetime | None
    created_at: datetime
    updated_at: datetime
    ping_url: str
    url: str

    @classmethod
    def of(cls, heartbeat: Heartbeat, now: datetime) -> Self:
        """A heartbeat as it stands at `now`."""
        length = heartbeat.last_duration_ms
        told = {name: getattr(heartbeat, name) for name in _AS_THEY_ARE}
        return cls.model_construct(
            **told,
            severity=heartbeat.severity.word,
            state=heartbeat.pulse.at(now).word,
            last_duration_seconds=None if length is None else length / 1000,
            next_expected_at=heartbeat.expected_at,
            ping_url=f"{request.url_root}ping/{heartbeat.uuid}",
            url=f"{request.url_root}heartbeats/{heartbeat.id}",
        )


_DERIVED = {"severity", "state", "last_duration_seconds", "next_expected_at", "ping_url", "url"}
_AS_THEY_ARE = tuple(HeartbeatOut.model_fields.keys() - _DERIVED)


class HeartbeatPage(BaseModel):
    """Heartbeats by name."""

    items: list[HeartbeatOut]
    next_cursor: str | None


class PingOut(BaseModel):
    """One ping. `body` as text, secrets removed and what is not UTF-8 replaced; then `body_base64` is exact."""

    number: int
    at: datetime
    kind: Literal["start", "success", "fail", "log"]
    exit_code: int | None
    rid: UUID | None
    duration_seconds: float | None
    method: str
    address: str | None
    agent: str | None
    body: str | None
    body_base64: str | None
    body_cut: bool

    @classmethod
    def of(cls, ping: HeartbeatPing) -> Self:
        """A stored ping."""
        text, exact = _read(ping.body)
        told = {name: getattr(ping, name) for name in ("number", "at", "exit_code", "rid", "method", "body_cut")}
        length = ping.duration_ms
        return cls.model_construct(
            **told,
            kind=ping.kind.word,
            duration_seconds=None if length is None else length / 1000,
            address=ping.address,
            agent=ping.agent,
            body=text,
            body_base64=exact,
        )


def _read(body: bytes | None) -> tuple[str | None, str | None]:
    if body is None:
        return None, None
    try:
        return scrub_text(body.decode()), None
    except UnicodeDecodeError:
        return scrub_text(body.decode("utf-8", "replace")), base64.b64encode(body).decode()


class PingPage(BaseModel):
    """Pings, newest first."""

    items: list[PingOut]
    next_cursor: str | None

    @classmethod
    def of(cls, page: Page[HeartbeatPing]) -> Self:
        """A page of stored pings."""
        return cls(items=[PingOut.of(ping) for ping in page.items], next_cursor=page.next_cursor)
