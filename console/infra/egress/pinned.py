"""HTTP connections that go to given addresses and keep the name."""

import http.client
import socket
import ssl
from collections.abc import Sequence
from typing import Any


class Pinned(http.client.HTTPConnection):
    """Connects to judged addresses only; `Host` stays the name."""

    def __init__(self, host: str, port: int, *, timeout: float, pinned: Sequence[str], **options: Any) -> None:
        super().__init__(host, port, timeout=timeout, **options)
        self._pinned = pinned
        # http.client forgets its socket when the answer ends with the connection; the deadline must not.
        self.wire: socket.socket | None = None
        self.sent = False

    def connect(self) -> None:
        """Try the addresses in turn within the time that is left."""
        self.sock = self.wire = connect(self._pinned, self.port, self.timeout or 10.0)


class PinnedTls(Pinned):
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
