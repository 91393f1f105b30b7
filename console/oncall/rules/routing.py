"""Which rule an alert falls under: the first that matches, in their order."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any


@dataclass(frozen=True, slots=True)
class Subject:
    """What of an alert the rules look at; `severity` is its word."""

    service: str
    environment: str
    severity: str
    tags: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Condition:
    """What a rule asks of an alert; what is empty asks nothing. `*` in a value stands for any characters."""

    services: Sequence[str] = ()
    environments: Sequence[str] = ()
    severities: Sequence[str] = ()
    tags: Mapping[str, str] = field(default_factory=dict)

    def meets(self, subject: Subject) -> bool:
        """Whether all of it holds."""
        return (
            _one_of(self.services, subject.service)
            and _one_of(self.environments, subject.environment)
            and (not self.severities or subject.severity in self.severities)
            and all(key in subject.tags and _like(want, subject.tags[key]) for key, want in self.tags.items())
        )

    @property
    def words(self) -> str:
        """The condition as people read it."""
        parts = [
            *(f"{name} {' or '.join(values)}" for name, values in self._named() if values),
            *(f"{key} {value}" for key, value in sorted(self.tags.items())),
        ]
        return ", ".join(parts) or "every alert"

    def _named(self) -> Iterable[tuple[str, Sequence[str]]]:
        return (("service", self.services), ("environment", self.environments), ("severity", self.severities))


def _one_of(patterns: Sequence[str], value: str) -> bool:
    return not patterns or any(_like(pattern, value) for pattern in patterns)


def _like(pattern: str, value: Any) -> bool:
    # Brackets have no meaning here: only the star does.
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return fnmatchcase(text, pattern.replace("[", "[[]").replace("?", "[?]"))
