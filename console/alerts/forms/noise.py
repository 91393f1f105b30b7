"""Settings of noise and limits of sources: one model each, so that pages and programs send the same."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from console.alerts.rules import flapping
from console.alerts.rules.flapping import Flapping
from console.alerts.rules.noise import FAILURES_PER_MINUTE, MOST_DAYS, MOST_PER_MINUTE, NoiseRules
from console.infra.errors import Fault, Invalid

MINUTE = timedelta(minutes=1)
NEVER = "never"
Days = Annotated[int, Field(ge=1, le=MOST_DAYS)]
PerMinute = Annotated[int, Field(ge=1, le=MOST_PER_MINUTE)]
Service = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]+$")]
M = TypeVar("M", bound=BaseModel)


class NoiseSettingsIn(BaseModel):
    """What is left out takes its default. `stale_days` null: an open alert is never closed by itself."""

    model_config = ConfigDict(extra="forbid")

    flapping_enabled: bool = True
    flapping_changes: int = Field(
        6, ge=flapping.LEAST, le=flapping.MOST, description="So many changes of state within the window."
    )
    flapping_window_minutes: int = Field(30, ge=flapping.SHORTEST // MINUTE, le=flapping.LONGEST // MINUTE)
    flapping_calm: int = Field(2, ge=0, le=flapping.MOST, description="It has settled when no more are in the window.")
    stale_days: Days | None = None
    stale_services: dict[Service, Days | None] = Field(default={}, max_length=1_000)
    failures_per_minute: PerMinute = Field(FAILURES_PER_MINUTE, description="Where a service has no limit of its own.")

    @model_validator(mode="after")
    def _apart(self) -> Self:
        if self.flapping_calm >= self.flapping_changes:
            raise ValueError("flapping_calm must be less than flapping_changes: it would settle where it begins")
        return self

    def rules(self) -> NoiseRules:
        """What the action takes."""
        window = timedelta(minutes=self.flapping_window_minutes)
        own = Flapping(self.flapping_enabled, self.flapping_changes, window, self.flapping_calm)
        return NoiseRules(own, self.stale_days, self.stale_services, self.failures_per_minute)


class SourceLimitIn(BaseModel):
    """Failures a minute by the clock; what a service sends beyond is dropped and counted."""

    model_config = ConfigDict(extra="forbid")

    failures_per_minute: PerMinute


class _Named(SourceLimitIn):
    service: Service


def parse_limit(form: Mapping[str, str]) -> tuple[str, int]:
    """A service and its failures a minute, as the page sends them; raises Invalid."""
    found = _read(_Named, {name: form.get(name, "").strip() for name in ("service", "failures_per_minute")})
    return found.service, found.failures_per_minute


def parse_noise(form: Mapping[str, str]) -> NoiseRules:
    """The settings as the page sends them; raises Invalid with a fault by field."""
    numbers = ("flapping_changes", "flapping_window_minutes", "flapping_calm", "failures_per_minute")
    found: dict[str, Any] = {name: form.get(name, "").strip() for name in numbers}
    found["flapping_enabled"] = "flapping_enabled" in form
    found["stale_days"] = form.get("stale_days", "").strip() or None
    found["stale_services"] = _services(form.get("stale_services", ""))
    return _read(NoiseSettingsIn, found).rules()


def typed_noise(rules: NoiseRules) -> dict[str, str]:
    """The settings as the form shows them."""
    lines = [f"{name} = {NEVER if days is None else days}" for name, days in sorted(rules.stale_services.items())]
    plain = {name: "" if value is None else str(value) for name, value in rules.values.items()}
    return plain | {"stale_services": "\n".join(lines), "flapping_enabled": "on" if rules.flapping.enabled else ""}


def _services(text: str) -> dict[str, str | None]:
    """Lines such as `billing = 30` or `search = never`."""
    found: dict[str, str | None] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        name, _, days = (part.strip() for part in line.rpartition("="))
        if not name or not days:
            fault = Fault("/stale_services", f"“{line[:60]}” is not like “billing = 30” or “search = never”.")
            raise Invalid("Nothing was saved; see the fields.", errors=[fault])
        found[name] = None if days == NEVER else days
    return found


def _read(model: type[M], found: dict[str, Any]) -> M:
    try:
        return model.model_validate(found)
    except ValidationError as error:
        lines = [_fault(each["loc"], each["msg"]) for each in error.errors(include_input=False)]
        raise Invalid("Nothing was saved; see the fields.", errors=lines) from error


def _fault(place: tuple[int | str, ...], told: str) -> Fault:
    # The only rule that spans two fields is about the calm one.
    name = str(place[0]) if place else "flapping_calm"
    where = f"{place[1]}: " if len(place) > 1 else ""
    return Fault(f"/{name}", where + told.removeprefix("Value error, "))
