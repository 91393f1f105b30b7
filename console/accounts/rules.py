"""How accounts behave over time, and which addresses and destinations are safe. Pure functions."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

PASSWORD_MIN = 12
# Long enough for any passphrase; without a bound, hashing megabytes would be a way to stop the server.
PASSWORD_MAX = 1_024

STEP_UP = timedelta(minutes=10)
# `last_seen_at` and `last_used_at` are written at most this often: a write per request would cost more than it tells.
SEEN_EVERY = timedelta(seconds=30)
USED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `hits` attempts in any `window`."""

    kind: str
    hits: int
    window: timedelta


SIGN_IN = Limit("sign-in", 5, timedelta(minutes=1))
RESET = Limit("reset", 3, timedelta(hours=1))


@dataclass(frozen=True, slots=True)
class Lifetime:
    """How long a session lives: without use, and in any case."""

    idle: timedelta
    absolute: timedelta


def session_ended(
    *, started_at: datetime, last_seen_at: datetime, ended_at: datetime | None, now: datetime, lifetime: Lifetime
) -> bool:
    """Say whether a session is over: ended by somebody, idle for too long, or too old."""
    return ended_at is not None or now - last_seen_at >= lifetime.idle or now - started_at >= lifetime.absolute


def confirmed_lately(confirmed_at: datetime | None, now: datetime) -> bool:
    """Say whether the password was given so lately that weighty things need not ask again."""
    return confirmed_at is not None and now - confirmed_at < STEP_UP


_EMAIL = re.compile(r"[^@\s\x00-\x1f\x7f<>\"(),:;\\\[\]]{1,64}@[^@\s\x00-\x1f\x7f<>\"(),:;\\\[\]/]{1,189}")


def normal_email(text: str) -> str:
    """The one spelling of an address that accounts are found by: trimmed, composed, lower-case."""
    return unicodedata.normalize("NFKC", text).strip().lower()


def is_email(text: str) -> bool:
    """Say whether mail could be sent there; the proof is a mail that arrives, so this only catches slips."""
    return _EMAIL.fullmatch(text) is not None


def address_key(ip: str | None) -> str:
    """What counts as one address: an IPv4 address, or the /64 that one IPv6 customer has to himself."""
    try:
        address = ip_address((ip or "").partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(address, IPv6Address):
        mapped = address.ipv4_mapped
        return str(mapped) if mapped else str(ip_network((address, 64), strict=False))
    return str(address)


def safe_next(target: str | None) -> str:
    """The path to go to after signing in: one of ours, or "/" for anything that could lead elsewhere."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return "/"
    if any(ord(letter) <= 0x20 or ord(letter) == 0x7F or letter == "\\" for letter in target):  # noqa: PLR2004
        return "/"
    try:
        parts = urlsplit(target)
    except ValueError:
        return "/"
    return "/" if parts.scheme or parts.netloc else target


# The order matters: Edge and Opera also call themselves Chrome, and Chrome calls itself Safari.
_BROWSERS = (
    ("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"),
    ("curl/", "curl"),
)  # fmt: skip
_SYSTEMS = (
    ("iPhone", "an iPhone"), ("iPad", "an iPad"), ("Android", "Android"), ("Windows", "Windows"), ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)  # fmt: skip


def browser_name(user_agent: str) -> str:
    """What people call it: "Firefox on Linux"; a guess, since browsers imitate each other."""
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), "")
    return " on ".join(filter(None, (browser or "A browser", system)))
