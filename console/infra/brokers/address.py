"""The address of a broker, as people type it: `redis://user:password@host:6379/0`, `rediss://` with TLS."""

from dataclasses import dataclass, field
from typing import Final
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

MAX_URL: Final = 2_000
PORT: Final = 6379
MAX_DB: Final = 100_000
SCHEMES: Final = frozenset({"redis", "rediss"})
# What RQ's and Celery's own settings call it.
UNVERIFIED: Final = frozenset({"none", "cert_none"})
VERIFIED: Final = frozenset({"required", "cert_required"})
NOT_OFFERED: Final = {
    "amqp": "AMQP", "amqps": "AMQP", "pyamqp": "AMQP", "librabbitmq": "AMQP", "sqs": "Amazon SQS",
    "unix": "A socket file", "redis+socket": "A socket file", "sentinel": "Sentinel", "redis+sentinel": "Sentinel",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Address:
    """A broker's address, taken apart. `verified`: whether TLS certificates are checked."""

    secure: bool
    host: str
    port: int
    db: int
    username: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
    verified: bool = True


def parse(url: str) -> Address:
    """Take a broker's address apart; raises ValueError with a sentence that repeats nothing of it."""
    if len(url) > MAX_URL or not url.isprintable() or any(c in url for c in ' \\<>"`^|'):
        raise ValueError("An address has at most 2,000 plain characters, without spaces or backslashes.")
    parts = _split(url)
    scheme = parts.scheme.lower()
    if name := NOT_OFFERED.get(scheme):
        raise ValueError(f"{name} is not offered: only brokers on Redis are watched, by redis:// or rediss://.")
    if scheme not in SCHEMES or not parts.hostname:
        raise ValueError("Only addresses like redis://user:password@host:6379/0 are watched; rediss:// with TLS.")
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    return Address(
        secure=scheme == "rediss",
        host=parts.hostname.rstrip("."),
        port=parts.port or PORT,
        db=_db(options.pop("db", "") or parts.path.strip("/") or "0"),
        username=_unquoted(parts.username),
        password=_unquoted(parts.password),
        verified=_verified(options),
    )


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise ValueError("This is no address of a broker: its host or port cannot be read.") from None
    return parts


def _db(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > MAX_DB:
        raise ValueError("The part behind the last slash is the number of a Redis database, such as 0.")
    return int(text)


def _unquoted(text: str | None) -> str | None:
    return unquote(text) if text else None


def _verified(options: dict[str, str]) -> bool:
    wish = options.pop("ssl_cert_reqs", "required").lower()
    if wish not in UNVERIFIED | VERIFIED or options:
        raise ValueError("Behind the question mark only db=… and ssl_cert_reqs=required or none are read.")
    return wish in VERIFIED
