"""The hash chain, and cells that no spreadsheet takes for a formula. Pure functions.

The chain is ``sha256(previous hash + canonical JSON of the entry)``, in hex, over ids without a
gap. Changing, removing, adding or moving any entry breaks a link at or after it. Cutting off the
tail leaves a shorter chain that is whole: only a head kept elsewhere shows that.
"""

import hashlib
import json
import math
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any, TypeAlias

GENESIS = "0" * 64

Json: TypeAlias = "bool | int | str | list[Json] | dict[str, Json] | None"


@dataclass(frozen=True, slots=True)
class Link:
    """What the chain needs of one entry: its id, the hashes stored with it, and its content."""

    id: int
    prev_hash: str
    hash: str
    content: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Head:
    """The newest entry: its id (0 for an empty trail) and its hash."""

    id: int = 0
    hash: str = GENESIS

    def __str__(self) -> str:
        return f"{self.id}:{self.hash}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a walk found: entries checked, the head, and the first bad id with the reason."""

    checked: int
    head: Head
    bad_id: int | None = None
    why: str = ""

    @property
    def ok(self) -> bool:
        """Say whether every link held."""
        return self.bad_id is None


def clean(value: object) -> Json:  # noqa: PLR0911 - one line per kind of value
    """Return the value as JSON that PostgreSQL stores and gives back without any change.

    jsonb refuses NUL and lone surrogates and rewrites fractions (``1e22`` comes back as digits),
    which would break the hash; so fractions are kept as text.
    """
    match value:
        case None | bool() | int():
            return value
        case Enum():
            return clean(value.value)
        case float():
            return int(value) if math.isfinite(value) and value.is_integer() else str(value)
        case datetime():
            return value.astimezone(UTC).isoformat() if value.tzinfo else value.isoformat()
        case date():
            return value.isoformat()
        case Mapping():
            return {clean_text(str(key)): clean(item) for key, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [clean(item) for item in value]
    return clean_text(str(value))


def clean_text(text: str) -> str:
    """Replace what PostgreSQL cannot store in text: NUL and lone surrogates."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()


def canonical(content: Mapping[str, Any]) -> bytes:
    """Return the one spelling of an entry: sorted keys, no spaces, UTC to the microsecond."""
    plain = {key: _plain(value) for key, value in content.items()}
    return json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return value


def chain_hash(prev_hash: str, content: Mapping[str, Any]) -> str:
    """Return the hash that ties an entry to the one before it."""
    return hashlib.sha256(prev_hash.encode() + canonical(content)).hexdigest()


def walk(links: Iterable[Link], known: Head | None = None) -> Verdict:
    """Follow the chain from its beginning and stop at the first link that does not hold.

    `known` is a head kept elsewhere: the chain must still hold an entry of that id with that hash.
    """
    head = Head()
    for link in links:
        if why := _fault(head, link) or _departs(known, link):
            return Verdict(head.id, head, bad_id=min(link.id, head.id + 1), why=why)
        head = Head(link.id, link.hash)
    if known is not None and known.id > head.id:
        return Verdict(head.id, head, bad_id=head.id + 1, why=f"the trail once reached entry {known.id}")
    return Verdict(head.id, head)


def _departs(known: Head | None, link: Link) -> str:
    if known is None or known.id != link.id or known.hash == link.hash:
        return ""
    return "it is not the entry that was noted elsewhere"


def _fault(head: Head, link: Link) -> str:
    if link.id > head.id + 1:
        return f"entry {head.id + 1} is missing"
    if link.id < head.id + 1:
        return "it stands before the beginning"
    if link.prev_hash != head.hash:
        return "it does not follow the entry before it"
    if link.hash != chain_hash(link.prev_hash, {"id": link.id, **link.content}):
        return "its content was changed after it was written"
    return ""


_FORMULA = frozenset("=+-@|%\t\r\n\0")


def csv_cell(value: object) -> str:
    """Return a cell that a spreadsheet shows as text (OWASP: CSV injection).

    Numbers of ours stay numbers; text that begins like a formula, also in full-width characters or
    after spaces, gets an apostrophe in front.
    """
    if value is None:
        return ""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    text = str(value).replace("\0", "")
    return f"'{text}" if _looks_like_formula(text) else text


def _looks_like_formula(text: str) -> bool:
    # Most cells begin plainly, and normalizing them all would be most of a long file's time.
    if text[:1].isascii() and text[:1].isalnum():
        return False
    first = unicodedata.normalize("NFKC", text.lstrip(" \u00a0\ufeff"))[:1]
    return first in _FORMULA if first else False


def csv_lines(rows: Iterable[Iterable[object]]) -> Iterator[str]:
    """Yield RFC 4180 lines with every cell quoted and made safe."""
    for row in rows:
        cells = [csv_cell(cell).replace('"', '""') for cell in row]
        yield '"' + '","'.join(cells) + '"\r\n'
