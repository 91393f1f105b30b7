"""How long a web process waits for PostgreSQL. libpq itself waits for ever on a server that is frozen, not gone.

Without an end, a frozen server would hold every thread of the web, and nobody would be told 503.
"""

import select
import time
from typing import Any, Final

import psycopg2
from psycopg2 import extensions

CONNECT_SECONDS: Final = 2.0
# Far above what a page may take, and above the wait for a lock that a bulk action holds.
ANSWER_SECONDS: Final = 7.0


def install(*, connect: float = CONNECT_SECONDS, answer: float = ANSWER_SECONDS) -> None:
    """From now on every connection of this process waits `connect` seconds to be made and `answer` for each answer.

    Then it is closed and `psycopg2.OperationalError` raised. COPY is not possible in such a process.
    """

    def wait(connection: Any) -> None:
        making = connection.status == extensions.STATUS_SETUP
        _wait(connection, time.monotonic() + (connect if making else answer))

    extensions.set_wait_callback(wait)


def _wait(connection: Any, deadline: float) -> None:
    while (wanted := connection.poll()) != extensions.POLL_OK:
        poll = select.poll()
        poll.register(connection.fileno(), select.POLLIN if wanted == extensions.POLL_READ else select.POLLOUT)
        left = deadline - time.monotonic()
        if left <= 0 or not poll.poll(left * 1000):
            raise psycopg2.OperationalError("PostgreSQL does not answer")
