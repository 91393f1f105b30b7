"""A Redis client whose connections go only where the guard lets them."""

import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import redis
from redis import Redis
from redis.backoff import NoBackoff
from redis.connection import Connection, ConnectionPool, SSLConnection
from redis.retry import Retry

from console.infra.brokers.address import Address
from console.infra.egress import Failed, Guard, pinned
from console.infra.egress import Refused as NotAllowed

SECONDS: Final = 0.5


class Refused(redis.ConnectionError):
    """The address may not be reached from here, or its name leads nowhere; the text says which."""


@dataclass(eq=False)
class Wire:
    """Remembers the socket in use, for whoever sets an end to a whole talk (`infra.deadline.Deadline`).

    `peer` is the judged address that it was connected to.
    """

    sock: socket.socket | None = field(default=None, repr=False)
    peer: Any = None

    def find(self) -> socket.socket | None:
        """The socket in use."""
        return self.sock


class _Judged(Connection):
    """Connects to judged addresses. `guard` None means that the place is known to be allowed."""

    def __init__(self, *, guard: Guard | None, wire: Wire, **options: Any) -> None:
        super().__init__(**options)  # type: ignore[no-untyped-call]
        self._guard = guard
        self._wire = wire

    def _connect(self) -> socket.socket:
        sock = self._wire.sock = pinned.connect(self._addresses(), self.port, self.socket_connect_timeout or SECONDS)
        self._wire.peer = sock.getpeername()[:2]
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.settimeout(self.socket_timeout)
        return sock

    def _addresses(self) -> list[str]:
        if self._guard is None:
            return [self.host]
        try:
            return self._guard.vet(self.host, self.port)
        except (NotAllowed, Failed) as error:
            raise Refused(str(error)) from None


class _JudgedTls(SSLConnection, _Judged):
    """The same with TLS: `SSLConnection` wraps what `_Judged` has connected."""


def open_redis(
    address: Address,
    *,
    guard: Guard | None,
    timeout: float = SECONDS,
    wire: Wire | None = None,
    db: int | None = None,
    greet: Callable[[Connection], None] | None = None,
) -> "Redis":
    """A client that connects at its first use; `timeout`: seconds to connect and for each answer. Never retries.

    `greet` makes the handshake of each connection in place of `on_connect`, and may refuse whom it finds. Raises
    nothing itself; on use `redis.RedisError`, of which Refused is one.
    """
    tls: dict[str, Any] = {"ssl_cert_reqs": "required" if address.verified else "none"} if address.secure else {}
    pool = ConnectionPool(
        connection_class=_JudgedTls if address.secure else _Judged,
        guard=guard,
        wire=wire or Wire(),
        host=address.host,
        port=address.port,
        db=address.db if db is None else db,
        username=address.username,
        password=address.password,
        socket_timeout=timeout,
        socket_connect_timeout=timeout,
        retry=Retry(NoBackoff(), 0),
        redis_connect_func=greet,
        protocol=2,
        **tls,
    )
    return Redis(connection_pool=pool)
