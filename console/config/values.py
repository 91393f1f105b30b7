"""The kinds of values settings have: each checks and tidies what people write."""

from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Any
from urllib.parse import urlsplit

from limits import parse_many
from pydantic import AfterValidator, BeforeValidator
from pydantic_settings import NoDecode

SECRET_KEY_LENGTH = 32
WEAK_WORDS = ("change", "secret", "password", "example", "development", "insecure", "12345678", "test-key")


def _split(value: Any) -> Any:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _networks(value: Any) -> Any:
    return tuple(_network(part) for part in _split(value))


def _network(value: Any) -> IPv4Network | IPv6Network:
    try:
        return ip_network(value)
    except ValueError as error:
        raise ValueError(f"{value} is not a network like 10.0.0.0/8") from error


def _postgresql(url: str) -> str:
    """SQLAlchemy wants the driver named; people write what psql takes."""
    scheme, separator, rest = url.partition("://")
    if url and scheme not in {"postgres", "postgresql", "postgresql+psycopg2"}:
        raise ValueError("must look like postgresql://user:password@host:5432/database")
    return f"postgresql+psycopg2{separator}{rest}" if url else ""


def _redis(url: str) -> str:
    if url and urlsplit(url).scheme not in {"redis", "rediss", "unix"}:
        raise ValueError("must look like redis://host:6379/0, rediss://… or unix:///path")
    return url


def _web_address(url: str) -> str:
    parts = urlsplit(url)
    if url and (parts.scheme not in {"http", "https"} or not parts.hostname or parts.path not in {"", "/"}):
        raise ValueError("must look like https://console.example.org, without a path")
    return url.rstrip("/")


def _heartbeat(url: str) -> str:
    parts = urlsplit(url)
    if url and (parts.scheme not in {"http", "https"} or not parts.hostname):
        raise ValueError("must look like https://hc-ping.com/1f2e3d4c-…")
    return url


def _mail(url: str) -> str:
    if url and (urlsplit(url).scheme not in {"smtp", "smtps"} or not urlsplit(url).hostname):
        raise ValueError("must look like smtp://user:password@host:587 or smtps://host:465")
    return url


def _sentry(dsn: str) -> str:
    if dsn and (urlsplit(dsn).scheme not in {"http", "https"} or not urlsplit(dsn).username):
        raise ValueError("must look like https://key@host/1")
    return dsn


def _rate(text: str) -> str:
    try:
        parse_many(text)
    except ValueError as error:
        raise ValueError("must look like 100/minute") from error
    return text


def weak(key: str) -> bool:
    """Whether a signing key is short, repetitive or copied from some documentation."""
    too_simple = len(key) < SECRET_KEY_LENGTH or len(set(key)) < SECRET_KEY_LENGTH // 3
    return too_simple or any(word in key.lower() for word in WEAK_WORDS)


PostgresUrl = Annotated[str, AfterValidator(_postgresql)]
RedisUrl = Annotated[str, AfterValidator(_redis)]
WebAddress = Annotated[str, AfterValidator(_web_address)]
HeartbeatUrl = Annotated[str, AfterValidator(_heartbeat)]
MailUrl = Annotated[str, AfterValidator(_mail)]
SentryDsn = Annotated[str, AfterValidator(_sentry)]
Rate = Annotated[str, AfterValidator(_rate)]
Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]
Networks = Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode, BeforeValidator(_networks)]
