"""The guard of every outgoing address that people type in: what may be reached, and a request that goes only there.

A name is resolved once, each of its addresses is judged, and the connection goes to one that was judged, with the name
kept for TLS and `Host`: a second answer of the DNS is never asked for. Redirects are not followed (OWASP ASVS 5: 1.3.6,
13.2.4, 15.3.2).
"""

import http.client
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from flask import current_app

from console.infra.deadline import Deadline

Address = IPv4Address | IPv6Address
Networks = Sequence[IPv4Network | IPv6Network]
Resolver = Callable[[str, int], Iterable[str]]

MAX_URL: Final = 2_000
MAX_BODY: Final = 64 * 1024
SECONDS: Final = 10.0
# Ports on which something else than a web server answers; a request could make it do things.
NOT_WEB: Final = frozenset(
    {1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110,
     111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 445, 465, 512, 513, 514, 515, 526, 530, 531,
     532, 540, 548, 554, 556, 563, 587, 601, 636, 873, 989, 990, 993, 995, 1433, 1521, 1719, 1720, 1723, 2049, 2375,
     2376, 3306, 3389, 3659, 4045, 4190, 5060, 5061, 5432, 5672, 6000, 6379, 6380, 6432, 6566, 6665, 6666, 6667, 6668,
     6669, 6679, 6697, 9042, 10080, 11211, 26379, 27017}
)  # fmt: skip
# Public by number, yet answered by a cloud's own machinery (Azure's WireServer).
MACHINERY: Final = frozenset({ip_address("168.63.129.16")})
NAT64: Final = ip_network("64:ff9b::/96")


class Refused(Exception):
    """This address may not be reached from here; the text says why and names no other address."""


class Failed(Exception):
    """It may be reached but was not: no such name, no connection, no answer in time, an answer that is too large.

    `perhaps`: the request was on its way, so it may have been heard all the same.
    """

    def __init__(self, told: str, *, perhaps: bool = False) -> None:
        super().__init__(told)
        self.perhaps = perhaps


@dataclass(frozen=True, slots=True)
class Target:
    """An address as typed, taken apart: `host` without brackets, `path` with its query."""

    secure: bool
    host: str
    port: int
    path: str


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: header names in lower case, the body up to the cap."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def target_of(url: str) -> Target:
    """Take a web address apart; raises Refused for what is no plain http(s) address of a web server."""
    if len(url) > MAX_URL or not url.isprintable() or any(c in url for c in " \\<>\"'`{}|^") or not url.isascii():
        raise Refused("An address has at most 2,000 plain characters, without spaces or backslashes.")
    parts = _split(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise Refused("Only addresses like https://host/path are called.")
    if parts.username is not None or parts.password is not None:
        raise Refused("Leave user and password out of the address.")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    if port in NOT_WEB:
        raise Refused(f"Port {port} belongs to something other than a web server.")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme == "https", parts.hostname.rstrip("."), port, path)


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
        inner = _inner(address)
        return any(each in network for network in self.allowed for each in (address, inner)) or _public(inner)

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

    def _connection(self, target: Target, addresses: Sequence[str], until: float) -> "_Pinned":
        left = until - time.monotonic()
        if left <= 0:
            raise Failed("The name was not resolved in time.")
        if target.secure:
            return _PinnedTls(target.host, target.port, timeout=left, pinned=addresses, context=self.tls)
        return _Pinned(target.host, target.port, timeout=left, pinned=addresses)


def guard() -> Guard:
    """The app's own, made of its settings."""
    settings = current_app.extensions["console.settings"]
    return Guard(allowed=settings.probe_allowed_networks)


class _Pinned(http.client.HTTPConnection):
    """Connects to judged addresses only; `Host` stays the name."""

    def __init__(self, host: str, port: int, *, timeout: float, pinned: Sequence[str], **options: Any) -> None:
        super().__init__(host, port, timeout=timeout, **options)
        self._pinned = pinned
        # http.client forgets its socket when the answer ends with the connection; the deadline must not.
        self.wire: socket.socket | None = None
        self.sent = False

    def connect(self) -> None:
        """Try the addresses in turn within the time that is left."""
        self.sock = self.wire = connect(self._pinned, self.port, self.timeout or SECONDS)


class _PinnedTls(_Pinned):
    """The same with TLS, its certificate checked for the name."""

    default_port = http.client.HTTPS_PORT

    def __init__(self, host: str, port: int, *, context: ssl.SSLContext, **options: Any) -> None:
        super().__init__(host, port, **options)
        self._context = context

    def connect(self) -> None:
        """Connect, then shake hands under the name."""
        super().connect()
        self.sock = self.wire = self._context.wrap_socket(self.sock, server_hostname=self.host)


def connect(addresses: Sequence[str], port: int, seconds: float) -> socket.socket:
    """A connection to the first of some judged addresses that answers; raises the last one's OSError."""
    share = seconds / len(addresses)
    for address in addresses[:-1]:
        try:
            return socket.create_connection((address, port), timeout=share)
        except OSError:
            continue
    return socket.create_connection((addresses[-1], port), timeout=share)


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise Refused("This is no web address.") from None
    return parts


def _inner(address: Address) -> Address:
    """The IPv4 address that an IPv6 one carries and that would be reached in its place."""
    if isinstance(address, IPv4Address):
        return address
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo[1] if address.teredo else None
    return address.ipv4_mapped or address.sixtofour or teredo or address


def _public(address: Address) -> bool:
    odd = address.is_multicast or address.is_reserved or (isinstance(address, IPv6Address) and address.is_site_local)
    return address.is_global and not odd and address not in MACHINERY


def _ask(connection: "_Pinned", method: str, path: str, body: bytes, headers: Mapping[str, str], cap: int) -> Reply:
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
