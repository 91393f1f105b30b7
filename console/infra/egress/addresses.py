"""Which addresses are web addresses, and which are public."""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final
from urllib.parse import SplitResult, urlsplit

Address = IPv4Address | IPv6Address

MAX_URL: Final = 2_000
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


@dataclass(frozen=True, slots=True)
class Target:
    """An address as typed, taken apart: `host` without brackets, `path` with its query."""

    secure: bool
    host: str
    port: int
    path: str


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


def inner(address: Address) -> Address:
    """The IPv4 address that an IPv6 one carries and that would be reached in its place."""
    if isinstance(address, IPv4Address):
        return address
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo[1] if address.teredo else None
    return address.ipv4_mapped or address.sixtofour or teredo or address


def public(address: Address) -> bool:
    """Whether anybody on the internet may own it."""
    odd = address.is_multicast or address.is_reserved or (isinstance(address, IPv6Address) and address.is_site_local)
    return address.is_global and not odd and address not in MACHINERY


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise Refused("This is no web address.") from None
    return parts
