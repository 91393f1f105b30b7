"""One failure as a program sends it."""

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from console.alerts.rules.failure import AHEAD, Failure
from console.alerts.rules.states import Severity
from console.web.inputs import Utc

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
MAX_INT = 2**31 - 1


def _storable(value: Any) -> Any:
    # pydantic would refuse lone surrogates; they are made storable later, like NUL.
    if isinstance(value, str) and not value.isascii():
        return value.encode("utf-8", "backslashreplace").decode()
    return value


def _severity(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _name(limit: int) -> Any:
    return StringConstraints(min_length=1, max_length=limit, strip_whitespace=True)


Name = Annotated[str, _name(200), BeforeValidator(_storable)]
Task = Annotated[str, _name(500), BeforeValidator(_storable)]
Text = Annotated[str, BeforeValidator(_storable)]
Count = Annotated[int, Field(ge=0, le=MAX_INT)]


class FailureIn(BaseModel):
    """One failure. Fields that are not named here are kept under `extra` of the occurrence."""

    model_config = ConfigDict(
        extra="allow", coerce_numbers_to_str=True, json_schema_extra={"additionalProperties": True}
    )

    service: Name
    task: Task
    exception_type: Task | None = None
    message: Text | None = Field(None, description="Kept up to 10,000 characters, head and tail.")
    traceback: Text | None = Field(None, description="Text, kept up to 65,536 characters, head and tail.")
    environment: Name = "production"
    severity: Annotated[str, BeforeValidator(_severity), Field(pattern="^(critical|error|warning|info)$")] = "error"
    occurred_at: Utc | None = Field(
        None, description="From 2000-01-01 to five minutes ahead; without an offset it is UTC; left out, it is now."
    )
    event_id: Name | None = Field(None, description="Idempotency key, unique per service.")
    job_id: Name | None = None
    queue: Name | None = None
    worker: Task | None = None
    host: Task | None = None
    retries: Count | None = None
    max_retries: Count | None = None
    will_retry: bool = False
    args: Any = None
    kwargs: Any = None
    release: Name | None = None
    runbook_url: Annotated[str, _name(2000), BeforeValidator(_storable)] | None = None
    tags: dict[Any, Any] = Field(default_factory=dict)
    fingerprint: Task | list[Task] | None = Field(None, description="Overrides grouping.")
    source: Name = "api"

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, given: Any) -> Any:
        """A null is the same as a field left out."""
        return {_storable(k): v for k, v in given.items() if v is not None} if isinstance(given, dict) else given

    def failure(self, at: datetime) -> Failure:
        """The failure, received `at`; raises PydanticCustomError when it claims an impossible time."""
        fields = dict(self.__dict__)
        occurred_at = fields["occurred_at"] or at
        if not EARLIEST <= occurred_at <= at + AHEAD:
            raise PydanticCustomError("occurred_at", "occurred_at lies before 2000 or more than five minutes ahead")
        fields["occurred_at"] = occurred_at
        fields["severity"] = Severity[self.severity.upper()]
        if isinstance(self.fingerprint, list):
            fields["fingerprint"] = tuple(self.fingerprint)
        return Failure(**fields, extra=self.__pydantic_extra__ or {})
