"""An SLA policy: which tickets it is for, what it promises them, which statuses stop its clocks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Protocol

from console.tickets.rules.instants import budget

CLOCKS: Final = ("first_response", "next_response", "resolution")
MATCHERS: Final = ("organization", "priority", "tags", "source")
DEFAULT: Final = "default"
DEFAULT_RISK: Final = {"fraction": 0.25}


class Matched(Protocol):
    """What of a ticket decides about its policy."""

    @property
    def source(self) -> str: ...
    @property
    def organization(self) -> str | None: ...
    @property
    def priority(self) -> str | None: ...
    @property
    def tags(self) -> Sequence[str]: ...


@dataclass(frozen=True, slots=True)
class Risk:
    """When a clock is at risk: once `fraction` of its budget is left, or `length` microseconds of it."""

    fraction: float | None
    length: int | None

    def warn(self, target: int) -> int:
        """How much of a budget is used up when its clock is at risk, in microseconds."""
        left = self.length if self.length is not None else round(target * (self.fraction or 0.0))
        return max(0, target - left)


@dataclass(frozen=True, slots=True)
class Policy:
    """One version of a policy. Words are compared without regard to case."""

    match: Mapping[str, frozenset[str]]
    targets: Mapping[str, Mapping[str, int | None]]
    paused: frozenset[str]
    risk: Risk

    def matches(self, ticket: Matched) -> bool:
        """Whether all matchers that are given hold; of tags any one."""
        # A plain loop: a rebuild asks a million times.
        for name, wanted in self.match.items():  # noqa: SIM110 - see above
            if not _found(getattr(ticket, name), wanted):
                return False
        return True

    def target(self, clock: str, priority: str | None) -> int | None:
        """The budget of a clock in microseconds: the priority's own, else the default one; None for no target."""
        own = self.targets.get(word(priority), {})
        return own[clock] if clock in own else self.targets.get(DEFAULT, {}).get(clock)

    def pauses(self, status: str | None) -> bool:
        """Whether time in this status does not count."""
        return status is not None and word(status) in self.paused


def read(body: Mapping[str, Any]) -> Policy:
    """The policy of a stored version."""
    risk = body.get("at_risk") or DEFAULT_RISK
    length = risk.get("minutes")
    return Policy(
        # A blank word is nobody's name: it must not match the tickets that have none.
        match={name: frozenset(filter(None, map(word, given))) for name, given in body["match"].items() if given},
        targets={word(name): _targets(given) for name, given in body["targets"].items()},
        paused=frozenset(map(word, body["paused_statuses"])),
        risk=Risk(risk.get("fraction"), None if length is None else budget(length)),
    )


@lru_cache(maxsize=16_384)
def word(text: str | None) -> str:
    """A word as it is compared; sources differ in case between their webhooks and their API."""
    return (text or "").strip().casefold()


def _targets(given: Mapping[str, float | None]) -> dict[str, int | None]:
    return {clock: None if minutes is None else budget(minutes) for clock, minutes in given.items()}


def _found(given: str | Sequence[str] | None, wanted: frozenset[str]) -> bool:
    if given is None or isinstance(given, str):
        return bool(given) and word(given) in wanted
    return any(word(each) in wanted for each in given)
