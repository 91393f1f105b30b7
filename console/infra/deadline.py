"""An end for talks over a socket: time-outs of single reads do not stop a peer that sends a byte a second."""

import socket
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self


class Deadline:
    """`with Deadline(until, sock):` shuts the socket at `until` (monotonic seconds), so that whatever waits fails."""

    def __init__(self, until: float, find: Callable[[], socket.socket | None]) -> None:
        self._find = find
        self._timer = threading.Timer(max(0.0, until - time.monotonic()), self._shut)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        """Start the watch."""
        self._timer.start()
        return self

    def __exit__(self, _k: type[BaseException] | None, _e: BaseException | None, _t: TracebackType | None) -> None:
        """End it."""
        self._timer.cancel()

    def _shut(self) -> None:
        sock = self._find()
        if sock is None:
            return
        try:
            # A TLS socket's own shutdown only forgets the session: the plain one wakes whoever reads.
            socket.socket.shutdown(sock, socket.SHUT_RDWR)
        except OSError:
            return
