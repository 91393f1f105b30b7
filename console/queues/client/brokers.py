"""Reaching the Redis of a watched broker: our own by the app's client, others through the guard of addresses."""

import time
from typing import Final
from urllib.parse import urlsplit

from flask import current_app
from redis import Redis, RedisError

from console.config import Settings
from console.infra import crypto, egress
from console.infra.brokers import Address, Wire, open_redis, parse
from console.infra.brokers import connection as brokers
from console.infra.deadline import Deadline
from console.infra.errors import Fault, Invalid
from console.infra.redis import connect as own
from console.infra.redis import connection
from console.queues.client.look import Found, probe
from console.queues.client.own import Ours, unless_ours
from console.queues.rules.brokers import CONSOLE, Watched

# For each answer of a broker that is tested; the whole test has an end of its own.
TEST_SECONDS: Final = 1.5


def connect(
    broker: Watched, *, db: int | None = None, timeout: float = brokers.SECONDS, wire: Wire | None = None
) -> "Redis":
    """A client of a broker's Redis that never retries; `timeout`: seconds to connect and for each answer.

    `db` is another database of the same server (Celery's results). Raises nothing for a server that is away: its use
    raises `redis.RedisError`; an address that cannot be opened or reached is one, `infra.brokers.Refused`.
    """
    if broker.sealed is None:
        return connection()
    try:
        address = parse(url_of(broker))
    except ValueError as error:
        raise brokers.Refused(str(error)) from None
    greet = unless_ours(connection(), db=address.db if db is None else db)
    return open_redis(address, guard=guard_of(address), timeout=timeout, wire=wire, db=db, greet=greet)


def url_of(broker: Watched) -> str:
    """The address with its credentials; raises `crypto.Sealed`, a ValueError, when no key opens it. Never show it."""
    return crypto.unseal(broker.sealed) if broker.sealed is not None else _settings().redis_url


def guard_of(address: Address) -> egress.Guard | None:
    """What judges the address: nothing where our own Redis is, which the operator named."""
    ours = urlsplit(_settings().redis_url)
    is_own = (ours.hostname, ours.port or 6379) == (address.host, address.port)
    return None if is_own else egress.guard()


def read_address(url: str) -> Address:
    """The address that somebody typed; raises Invalid for one that cannot be read or may not be reached."""
    try:
        address = parse(url)
        _check(address)
    except (ValueError, egress.Refused) as error:
        raise Invalid("This address cannot be watched.", errors=[Fault("/url", str(error))]) from None
    return address


def is_console(address: Address) -> bool:
    """Whether this is the database that REDIS_URL names."""
    try:
        ours = parse(_settings().redis_url)
    except ValueError:
        return False
    return (ours.host, ours.port, ours.db) == (address.host, address.port, address.db)


def _check(address: Address) -> None:
    if is_console(address):
        raise ValueError(f"This is the console's own Redis: it is watched as {CONSOLE.name} already.")
    guard = guard_of(address)
    if guard is None:
        return
    try:
        guard.vet(address.host, address.port)
    except egress.Failed:
        # The name may yet come to be; the test button and the board say that it leads nowhere.
        return
    _meet(address, guard)


def _meet(address: Address, guard: egress.Guard) -> None:
    """Raise ValueError for our own Redis under another name; one that is away says so on its card."""
    greet = unless_ours(connection(), db=address.db)
    if greet is None:
        return
    wire = Wire()
    with open_redis(address, guard=guard, greet=greet, wire=wire) as there:
        try:
            with Deadline(time.monotonic() + TEST_SECONDS, wire.find):
                there.ping()
        except Ours as error:
            raise ValueError(str(error)) from None
        except (RedisError, OSError):
            return


def _settings() -> Settings:
    settings: Settings = current_app.extensions["console.settings"]
    return settings


def test(broker: Watched) -> Found:
    """What the test button finds, within three seconds; raises nothing that a broker can cause."""
    wire = Wire()
    try:
        # A client of its own, since it is closed afterwards.
        found = own(_settings()) if broker.builtin else connect(broker, timeout=TEST_SECONDS, wire=wire)
    except brokers.Refused as error:
        return Found(ok=False, said=str(error))
    return probe(found, wire, broker.kind, prefix=broker.prefix)
