"""The addresses of pings: `/ping/{uuid}` and `/ping/{key}/{slug}`, and what stands behind them."""

import re
from dataclasses import dataclass
from uuid import UUID

from console.alerts.rules.heartbeats.beats import Kind

UUID_FORM = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
SLUG_FORM = re.compile(r"[a-z0-9_-]{1,100}")
KEY_FORM = re.compile(r"[A-Za-z0-9_-]{8,64}")
WORDS = {"start": Kind.START, "fail": Kind.FAIL, "log": Kind.LOG}
MAX_EXIT = 255
KEYED = 2  # a key and a slug


class BadAddress(ValueError):
    """An address that no heartbeat can have because a part of it is malformed; the text says which."""


class NoAddress(LookupError):
    """Not the address of a ping at all."""


@dataclass(frozen=True, slots=True)
class Address:
    """What an address says: the heartbeat's `uuid`, or the `key` and its `slug`, and the kind of ping."""

    uuid: UUID | None
    key: str
    slug: str
    kind: Kind
    exit_code: int | None = None


def read(path: str) -> Address:
    """The part of the path after `/ping/`, one trailing slash allowed; raises BadAddress and NoAddress."""
    parts = path.removesuffix("/").split("/")
    if UUID_FORM.fullmatch(parts[0].lower()):
        return _of(UUID(parts[0]), "", "", parts[1:])
    if len(parts) < KEYED or not KEY_FORM.fullmatch(parts[0]):
        raise NoAddress
    if not SLUG_FORM.fullmatch(parts[1]):
        raise BadAddress("a slug has 1 to 100 of a-z, 0-9, - and _")
    return _of(None, parts[0], parts[1], parts[2:])


def _of(uuid: UUID | None, key: str, slug: str, rest: list[str]) -> Address:
    if not rest:
        return Address(uuid, key, slug, Kind.SUCCESS)
    if len(rest) > 1:
        raise NoAddress
    word = rest[0]
    if word in WORDS:
        return Address(uuid, key, slug, WORDS[word])
    if not (word.isascii() and word.isdigit()):
        raise NoAddress
    if len(word) > 10 or int(word) > MAX_EXIT:  # noqa: PLR2004 - int() of a long run of digits is slow
        raise BadAddress(f"an exit code is 0 to {MAX_EXIT}")
    code = int(word)
    return Address(uuid, key, slug, Kind.FAIL if code else Kind.SUCCESS, code)


def slug_of(name: str) -> str:
    """A slug made of a name; raises BadAddress when nothing of it can stand in one."""
    slug = re.sub(r"[^a-z0-9_]+", "-", name.lower()).strip("-")[:100].rstrip("-")
    if not slug:
        raise BadAddress("the name needs a letter or a digit from which a slug can be made")
    return slug


def run_id(text: str | None) -> UUID | None:
    """The run id of `?rid=`, None when there is none; raises BadAddress."""
    if text is None or text == "":
        return None
    if not UUID_FORM.fullmatch(text.lower()):
        raise BadAddress("rid is a UUID")
    return UUID(text)
