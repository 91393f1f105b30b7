"""The guard itself: judge a name once, then talk to the addresses that were judged."""

import http.client
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Final

from flask import current_app

from console.infra.deadline import Deadline
from console.infra.egress.addresses import Address, Refused, Target, inner, public, target_of
from console.infra.egress.pinned import Pinned, PinnedTls

Networks = Sequence[IPv4Network | IPv6Network]
Resolver = Callable[[str, int], Iterable[str]]

MAX_BODY: Final = 64 * 1024
SECONDS: Final = 10.0


class Failed(Exception):
    """It may be reached but was not: no such name, no connection, no answer in time, an answer that is too large.

    `perhaps`: the request was on its way, so it may have been heard all the same.
    """

    def __init__(self, told: str, *, perhaps: bool = False) -> None:
        super().__init__(told)
        self.perhaps = perhaps


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: header names in lower case, the body up to the cap."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a name, as the system finds them, each once. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(frozen=True, slots=True)
class Guard:
    """What may be reached. `allowed` are networks an operator opened (PROBE_ALLOWED_NETWORKS), private ones too."""

    allowed: Networks = ()
    resolve: Resolver = resolve
    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context, repr=False)

    def vet(self, host: str, port: int) -> list[str]:
        """The addresses of a host, all of which may be reached; raises Refused if any may not, Failed for no name."""
        try:
            found = list(self.resolve(host, port))
        except (OSError, UnicodeError):
            raise Failed(f"There is no address for {host}.") from None
        if not found:
            raise Failed(f"There is no address for {host}.")
        if not all(self.may_reach(ip_address(text.partition("%")[0])) for text in found):
            raise Refused(f"{host} is a private address. An operator can allow its network in PROBE_ALLOWED_NETWORKS.")
        return found

    def may_reach(self, address: Address) -> bool:
        """Whether this one address is public, or in an allowed network."""
        reached = inner(address)
        return any(each in network for network in self.allowed for each in (address, reached)) or public(reached)

    def check(self, url: str) -> None:
        """Raise Refused when a request to this address would be refused now; an unknown name may yet come to be."""
        target = target_of(url)
        try:
            self.vet(target.host, target.port)
        except Failed:
            return

    def request(
        self, method: str, url: str, *, body: bytes = b"", headers: Mapping[str, str] | None = None,
        seconds: float = SECONDS, max_body: int = MAX_BODY,
    ) -> Reply:  # fmt: skip
        """One request without redirects; everything, the name's resolution too, within `seconds`.

        Raises Refused and Failed. `max_body`: in bytes; a longer answer is Failed.
        """
        target = target_of(url)
        until = time.monotonic() + seconds
        addresses = self.vet(target.host, target.port)
        connection = self._connection(target, addresses, until)
        try:
            with Deadline(until, lambda: connection.wire):
                reply = _ask(connection, method, target.path, body, headers or {}, max_body)
        except (OSError, http.client.HTTPException) as error:
            perhaps = connection.sent
            raise Failed(_told(error, late=time.monotonic() >= until), perhaps=perhaps) from None
        finally:
            connection.close()
        if time.monotonic() >= until:
            # The deadline cut it off; what was read may be half of it.
            raise Failed("No answer in time.", perhaps=True)
        return reply

    def _connection(self, target: Target, addresses: Sequence[str], until: float) -> Pinned:
        left = until - time.monotonic()
        if left <= 0:
            raise Failed("The name was not resolved in time.")
        if target.secure:
            return PinnedTls(target.host, target.port, timeout=left, pinned=addresses, context=self.tls)
        return Pinned(target.host, target.port, timeout=left, pinned=addresses)


def guard() -> Guard:
    """The app's own, made of its settings."""
    settings = current_app.extensions["console.settings"]
    return Guard(allowed=settings.probe_allowed_networks)


def _ask(connection: Pinned, method: str, path: str, body: bytes, headers: Mapping[str, str], cap: int) -> Reply:
    connection.connect()
    connection.sent = True
    connection.request(method, path, body=body or None, headers={"User-Agent": "console", **headers})
    answer = connection.getresponse()
    read = answer.read(cap + 1)
    if len(read) > cap:
        raise Failed(f"The answer is larger than {cap:,} bytes.", perhaps=True)
    return Reply(answer.status, {name.lower(): value for name, value in answer.getheaders()}, read)


def _told(error: Exception, *, late: bool) -> str:
    """What went wrong in a sentence that shows nothing of what the other side sent."""
    if late or isinstance(error, TimeoutError):
        return "No answer in time."
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"Its certificate is not valid: {error.verify_message}."
    if isinstance(error, ssl.SSLError):
        return "It does not speak TLS as it should."
    if isinstance(error, ConnectionRefusedError):
        return "It refuses the connection."
    if isinstance(error, OSError):
        return f"No connection: {error.strerror or type(error).__name__}."
    return "It did not answer as a web server does."
