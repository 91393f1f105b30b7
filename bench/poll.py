"""A live page that polls when nothing is new, beside a bare Flask page: `python bench/poll.py [POLLS]`.

The poll of the alert list by a signed-in user, answered 304. CPU is user + system time of the web processes and
PostgreSQL together.
"""

import http.client
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))


from bench.stand import PROCESSES, Call, Stand, keep, measured, send_all, stand, table, web
from console.accounts import actions as accounts
from console.app import create_app
from console.config import Settings
from console.infra.actor import SYSTEM, Actor, Role
from console.infra.transaction import unit

FLOOR = ("-m", "gunicorn", "-k", "gthread", "-w", str(PROCESSES), "--threads", "16", "-b", "127.0.0.1:{port}")
CLIENTS = 4


def session(settings: Settings, number: int = 0) -> str:
    """The secret of a session of a new viewer, the `number`th."""
    with create_app(settings).app_context(), unit():
        user = accounts.create(f"bench-{number}@example.com", role=Role.VIEWER, name="Bench", by=SYSTEM)
        anybody = Actor(kind="anonymous", id=None, label="anonymous", ip="127.0.0.1")
        return accounts.start(user, by=anybody, user_agent="bench", how="password")


def etag(port: int, headers: dict[str, str]) -> str:
    """The version of the page that a browser would have."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/alerts", headers=headers)
    response = connection.getresponse()
    response.read()
    found = response.getheader("ETag")
    if response.status != 200 or found is None:
        raise RuntimeError(f"the page cannot be polled: {response.status}")
    return found


def _run(on: Stand, port: int, pid: int, headers: dict[str, str], count: int) -> dict[str, Any]:
    polls = [Call("GET", "/alerts", headers | {"If-None-Match": etag(port, headers)})] * count
    return measured(on, count, lambda: send_all(port, polls, clients=CLIENTS, status=304), pid)


def main(count: int) -> None:
    """Measure and print. Polls are sent in short runs, since a page renews itself every 30 seconds.

    Each run has a reader of its own, who may poll 2,400 times a minute.
    """
    with stand() as on:
        with web(on) as (port, pid):
            plain = {"HX-Request": "true", "X-Poll": "1"}
            readers = [plain | {"Cookie": f"session={session(on.settings, number)}"} for number in range(4)]
            runs = [_run(on, port, pid, headers, count // 4) for headers in readers]
        poll = min(runs, key=lambda run: run["cpu_ms"])
        with web(on, (*FLOOR, "bench.floor_app:app")) as (port, pid):
            hello = [Call("GET", "/", {})] * count
            floor = measured(on, count, lambda: send_all(port, hello, clients=CLIENTS, status=200), pid)
    rows = {"poll with nothing new (304)": poll | {"bar": "≤ 1.5 ms"}, "floor: bare Flask page": floor}
    print(table("poll", rows))
    keep("poll", rows)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 8_000)
