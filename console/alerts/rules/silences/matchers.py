"""Matchers, as Alertmanager knows them: a field, how it is compared, a value; all of a silence must hold.

Regular expressions must fit the whole text. How they are read is the caller's (`infra/regex.py`): the standard
library's engine can be made to run for years.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from console.alerts.rules.states import Severity

FIELDS = ("service", "environment", "severity", "task", "exception_type", "title", "source")
TAG = "tags."
MOST = 20
LONGEST = 1_000
# Texts that nothing sensible has in common: an expression that fits them all fits everything.
PROBES = ("q", "7d-\u00e4 {/x}", "Zz_9. 0:1", "\u6c34")
SEVERITIES = frozenset(severity.word for severity in Severity)

Fits = Callable[[str, str], bool]


class Op(StrEnum):
    """How a field is compared; the words are Alertmanager's."""

    IS = "="
    IS_NOT = "!="
    FITS = "=~"
    FITS_NOT = "!~"

    @property
    def regex(self) -> bool:
        """Whether the value is a regular expression."""
        return self in {Op.FITS, Op.FITS_NOT}

    @property
    def positive(self) -> bool:
        """Whether it asks for something, rather than against it."""
        return self in {Op.IS, Op.FITS}


@dataclass(frozen=True, slots=True)
class Facts:
    """What of an alert matchers look at; `severity` is its word."""

    service: str
    environment: str
    severity: str
    task: str
    exception_type: str | None
    title: str
    source: str
    tags: Mapping[str, Any] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """A field or a tag as text; what an alert does not have is empty."""
        if not name.startswith(TAG):
            return getattr(self, name) or ""
        value = self.tags.get(name.removeprefix(TAG))
        if value is None:
            return ""
        return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Matcher:
    """`field` is one of FIELDS, or `tags.` and a tag's name."""

    field: str
    op: Op
    value: str

    def meets(self, facts: Facts, fits: Fits) -> bool:
        """Whether it holds of an alert; `fits(expression, text)` reads regular expressions."""
        text = facts.text(self.field)
        found = fits(self.value, text) if self.op.regex else text == self.value
        return found is self.op.positive

    @property
    def words(self) -> str:
        """As people read it."""
        return f"{self.field} {self.op} {self.value}" if self.value else f"{self.field} {self.op} (nothing)"


def all_meet(matchers: Sequence[Matcher], facts: Facts, fits: Fits) -> bool:
    """Whether every matcher holds. Those that compare are asked before those that read an expression."""
    return all(one.meets(facts, fits) for one in sorted(matchers, key=lambda one: one.op.regex))


def faults(
    matchers: Sequence[Matcher], fits: Fits, fault_of: Callable[[str], str | None]
) -> list[tuple[tuple[str | int, ...], str]]:
    """What of matchers cannot be, as (path below `matchers`, sentence); `fault_of` says what is wrong with a regex."""
    if not matchers:
        return [((), "At least one matcher is needed: a silence of everything would hide everything.")]
    if len(matchers) > MOST:
        return [((), f"At most {MOST} matchers.")]
    found = [((index, part), said) for index, one in enumerate(matchers) for part, said in _wrong(one, fault_of)]
    if not found and all(_asks_nothing(one, fits) for one in matchers):
        return [((0, "value"), "This would hide everything: at least one matcher must ask for something.")]
    return list(found)


def _wrong(one: Matcher, fault_of: Callable[[str], str | None]) -> list[tuple[str, str]]:
    known = one.field in FIELDS or (one.field.startswith(TAG) and len(one.field) > len(TAG))
    if not known:
        return [("field", f"There is no field “{one.field[:80]}”: use {', '.join(FIELDS)}, or tags.name.")]
    if len(one.value) > LONGEST:
        return [("value", f"At most {LONGEST:,} characters.")]
    if "\0" in one.value or "\0" in one.field:
        return [("value", "NUL is in no alert.")]
    if one.op.regex:
        return [("value", said)] if (said := fault_of(one.value)) else []
    if one.field == "severity" and one.value not in SEVERITIES:
        return [("value", "A severity is critical, error, warning or info.")]
    return []


def _asks_nothing(one: Matcher, fits: Fits) -> bool:
    """Whether every alert could meet it: it asks against something, or is met by nothing, or by anything."""
    if not one.op.positive:
        return True
    if one.op is Op.IS:
        return not one.value
    return fits(one.value, "") or all(fits(one.value, probe) for probe in PROBES)
