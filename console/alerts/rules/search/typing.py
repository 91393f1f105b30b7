"""What somebody is in the middle of typing into the search, and which fields may follow."""

import re
from dataclasses import dataclass

from console.alerts.rules.search.nodes import FIELDS, TAG

_LAST = re.compile(r'(?:^|(?<=[\s(]))(-?)(?:([A-Za-z_][\w.-]*):)?("?)([^\s()":]*)$')
# Those that narrow most, first.
FIRST = ("service", "environment", "severity", "status", "assignee", "task", "exception_type", "source")
AGES = ("<1h", "<24h", "<7d", "<30d", ">1h", ">24h", ">7d")
NUMBERS = (">10", ">100", ">1000", "1")


@dataclass(frozen=True, slots=True)
class Typed:
    """`part` is what stands from `begin` to the caret, of a value of `field`; without a field, of a field's name."""

    field: str
    part: str
    begin: int


def typed(text: str, caret: int) -> Typed | None:
    """The piece before the caret; None inside a phrase, or where nothing can be completed."""
    before = text[:caret]
    if before.count('"') % 2 and not re.search(r':"[^"]*$', before):
        return None
    found = _LAST.search(before)
    if found is None:
        return None
    _, field, quote, part = found.groups()
    if field is None and quote:
        return None
    return Typed(field or "", part, caret - len(part) - len(quote))


def fields(part: str) -> list[str]:
    """Names of fields that hold `part`, those that begin with it first, each with its colon; `tags.` goes on."""
    names = [*FIRST, *sorted(FIELDS - set(FIRST))]
    return ranked([*(f"{name}:" for name in names), TAG], part)


def ranked(values: list[str], part: str) -> list[str]:
    """Those values that hold `part` whatever its case: first those that begin with it, else in the order given."""
    wanted = part.lower()
    found = [value for value in values if wanted in value.lower()]
    return sorted(found, key=lambda value: not value.lower().startswith(wanted))


def quoted(value: str) -> str:
    """A value as the search takes it: in quotation marks where it must be."""
    if re.fullmatch(r'[^\s()":*<>=-][^\s()":*]*', value):
        return value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
