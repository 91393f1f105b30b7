"""Alerts as the API shows them, and what its verbs take."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from flask import request
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from console.alerts.models import Alert, AlertHistory, Occurrence
from console.alerts.queries import AlertFilter, merges, noise
from console.alerts.rules.states import Severity, Status
from console.infra.paging import DEFAULT_LIMIT, MAX_LIMIT
from console.web.inputs import Utc


def _split(value: Any) -> Any:
    if isinstance(value, list) and all(isinstance(word, str) for word in value):
        value = ",".join(value)
    return [word for word in value.split(",") if word] if isinstance(value, str) else value


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


StatusWord = Literal["open", "acknowledged", "snoozed", "resolved"]
SeverityWord = Literal["critical", "error", "warning", "info"]
Word = Annotated[str, Field(max_length=500, pattern=r"^[^\x00]*$")]
# More would be no filter but a list of its own, and each costs a probe.
AnyOf = Annotated[list[Word], BeforeValidator(_listed), Field(default_factory=list, max_length=50)]


class AlertOut(BaseModel):
    """A group of failures with one cause."""

    id: int
    service: str
    environment: str
    task: str
    exception_type: str | None
    title: str
    severity: SeverityWord
    status: StatusWord | Literal["merged"]
    source: str
    fingerprint: str
    count: int
    count_since_open: int
    reopened_count: int
    first_seen: datetime
    last_seen: datetime
    assignee: str | None
    acknowledged_by: str | None
    acknowledged_at: datetime | None
    snoozed_until: datetime | None
    resolved_at: datetime | None
    silenced: bool
    silence_id: int | None
    flapping: bool
    runbook_url: str | None
    tags: dict[str, Any]
    merged_into: int | None
    url: str

    @classmethod
    def of(cls, alert: Alert, now: datetime) -> Self:
        """An alert as it stands at `now`; what is merged says into which, and its figures are its own."""
        return cls.all([alert], now)[0]

    @classmethod
    def all(cls, alerts: Sequence[Alert], now: datetime) -> list[Self]:
        """The same of many; which of them flap is asked once."""
        flapping = noise.spells([alert.id for alert in alerts])
        return [cls._of(alert, now, flapping=alert.id in flapping) for alert in alerts]

    @classmethod
    def _of(cls, alert: Alert, now: datetime, *, flapping: bool) -> Self:
        row = merges.find(alert.id) if alert.status is Status.MERGED else None
        state = alert.state.at(now)
        told = {name: getattr(alert, name) for name in _AS_THEY_ARE}
        return cls.model_construct(
            **told,
            severity=state.severity.word,
            status=state.status.word,
            snoozed_until=state.snoozed_until,
            silenced=alert.silence_id is not None,
            flapping=flapping,
            merged_into=row.target_id if row else None,
            url=f"{request.url_root}alerts/{alert.id}",
        )


_BY_HAND = {"severity", "status", "snoozed_until", "silenced", "flapping", "merged_into", "url"}
_AS_THEY_ARE = tuple(AlertOut.model_fields.keys() - _BY_HAND)


class AlertPage(BaseModel):
    """Alerts, the one seen last first."""

    items: list[AlertOut]
    next_cursor: str | None


class OccurrenceOut(BaseModel):
    """One failure as it was stored."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    received_at: datetime
    occurred_at: datetime
    alert_id: int
    severity: SeverityWord
    service: str
    environment: str
    task: str
    exception_type: str | None
    message: str | None
    traceback: str | None
    event_id: str | None
    job_id: str | None
    queue: str | None
    worker: str | None
    host: str | None
    retries: int | None
    max_retries: int | None
    will_retry: bool
    args: Any
    kwargs: Any
    release: str | None
    runbook_url: str | None
    tags: dict[str, Any]
    fingerprint: Any
    source: str
    extra: dict[str, Any]

    @classmethod
    def of(cls, found: Occurrence) -> Self:
        """A stored failure."""
        told = {name: getattr(found, name) for name in cls.model_fields}
        return cls.model_construct(**{**told, "severity": found.severity.word})


class OccurrencePage(BaseModel):
    """Failures of an alert and of what is merged into it, the one that occurred last first."""

    items: list[OccurrenceOut]
    next_cursor: str | None


class HistoryOut(BaseModel):
    """One change of an alert, or a note (`event` is `noted`, `why` its text)."""

    at: datetime
    by: str
    event: str
    from_: str | None = Field(serialization_alias="from")
    to: str | None
    why: str

    @classmethod
    def of(cls, row: AlertHistory) -> Self:
        """A row of the history."""
        return cls(at=row.at, by=row.by, event=row.event, from_=row.before, to=row.after, why=row.why)


class HistoryPage(BaseModel):
    """What happened to an alert, newest first."""

    items: list[HistoryOut]
    next_cursor: str | None


class PageIn(BaseModel):
    """Which page of a list."""

    limit: int = Field(DEFAULT_LIMIT, ge=1, le=MAX_LIMIT)
    cursor: Word | None = None


class FilterIn(BaseModel):
    """What a list of alerts is narrowed by. A parameter given several times, or as an array, means any of its values.

    States and severities may also be joined by commas.
    """

    model_config = ConfigDict(extra="forbid")

    status: Annotated[list[StatusWord], BeforeValidator(_split)] = Field(default_factory=list)
    severity: Annotated[list[SeverityWord], BeforeValidator(_split)] = Field(default_factory=list)
    service: AnyOf
    environment: AnyOf
    assignee: AnyOf = Field(description="An e-mail address, or none for nobody")
    q: str | None = Field(None, max_length=2000, description="Words, phrases, field:value, AND, OR, NOT")
    since: Utc | None = Field(None, description="Last seen then or later")
    silenced: bool | None = Field(None, description="Only what is silenced, or only what is not")

    def filter(self) -> AlertFilter:
        """The filter that the queries take."""
        return AlertFilter(
            statuses=tuple(Status[word.upper()] for word in self.status),
            severities=tuple(Severity[word.upper()] for word in self.severity),
            services=tuple(self.service),
            environments=tuple(self.environment),
            assignees=tuple(self.assignee),
            q=self.q or "",
            since=self.since,
            silenced=self.silenced,
        )


class ListIn(FilterIn, PageIn):
    """A page of a filtered list."""

    model_config = ConfigDict(extra="ignore")

    sort: Literal["recent", "worst", "oldest"] = Field("recent", description="By last_seen, or the most severe first")


class SnoozeIn(BaseModel):
    """Until when; the past is refused."""

    until: Utc


class AssignmentIn(BaseModel):
    """Whom, by e-mail address."""

    user: Word


class NoteIn(BaseModel):
    """A note; it stays in the history."""

    text: str = Field(min_length=1, max_length=10_000)
