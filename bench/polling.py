"""Failures coming in while fifty browsers poll the list: `python bench/polling.py [SECONDS]`.

Each browser holds the list with its ETag and asks again 1.5 s later, as `static/js/live.js` does: 304, or the new list
when something has changed. Two senders report batches of a hundred, and one single failures. First the senders alone,
then with the browsers: failures a second, the polls' times by the clock, and CPU of the web processes and PostgreSQL.
"""

import http.client
import statistics
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))


from bench.ingest import calls
from bench.stand import Call, keep, measured, stand, web
from console.accounts import actions as accounts
from console.accounts.actions import create_token
from console.app import create_app
from console.infra import log
from console.infra.actor import SYSTEM, Actor, Role, Scope
from console.infra.transaction import unit

BROWSERS = 50
EVERY = 1.5
# As in live.js: a server that is slow to answer is asked less often.
RESTS = 2
BATCH = 100


class Crowd:
    """Threads that go on until they are told to stop, and what they noted."""

    def __init__(self) -> None:
        self.over = threading.Event()
        self.failures = 0
        self.polls: dict[int, list[float]] = {200: [], 304: []}
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()

    def start(self, work: Callable[..., None], *args: object) -> None:
        """One more."""
        self._threads.append(threading.Thread(target=work, args=args, daemon=True))
        self._threads[-1].start()

    def stop(self) -> None:
        """All of them."""
        self.over.set()
        for thread in self._threads:
            thread.join()

    def send(self, port: int, made: Sequence[Call], size: int) -> None:
        """Report failures as fast as they are taken."""
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        for call in made:
            if self.over.is_set():
                return
            connection.request(call.method, call.path, call.body, call.headers)
            answer = connection.getresponse()
            told = answer.read()
            if answer.status != 202:
                raise RuntimeError(f"{answer.status} {told[:300]!r}")
            with self._lock:
                self.failures += size

    def poll(self, port: int, cookie: str, wait: float) -> None:
        """One browser."""
        headers = {"HX-Request": "true", "X-Poll": "1", "Cookie": f"session={cookie}"}
        while not self.over.wait(wait):
            began = time.perf_counter()
            # Anew each time: a server closes what rests for longer than a moment.
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            connection.request("GET", "/alerts", headers=headers)
            answer = connection.getresponse()
            answer.read()
            connection.close()
            headers["If-None-Match"] = answer.getheader("ETag") or ""
            took = time.perf_counter() - began
            with self._lock:
                self.polls[answer.status].append(took * 1000)
            wait = max(EVERY - took, min(took * RESTS, 8.0))


def made(secret: str, run_id: int, seconds: float) -> list[tuple[list[Call], int]]:
    """What three senders report, more than is ever taken in the time; encoded before the clock starts."""
    many = round(seconds * 1_500 / BATCH) * BATCH
    batches = [(calls(many + BATCH * (2 * run_id + number), BATCH, secret), BATCH) for number in range(2)]
    return [*batches, (calls(round(seconds * 200) + run_id, 1, secret), 1)]


def run(port: int, sent: list[tuple[list[Call], int]], cookies: Sequence[str], seconds: float) -> Crowd:
    """Senders, and a browser for each cookie, for so long."""
    crowd = Crowd()
    for each, size in sent:
        crowd.start(crowd.send, port, each, size)
    for number, cookie in enumerate(cookies):
        crowd.start(crowd.poll, port, cookie, EVERY * number / len(cookies))
    time.sleep(seconds)
    crowd.stop()
    return crowd


def told(crowd: Crowd, seconds: float, used: dict[str, Any]) -> dict[str, Any]:
    """What one run came to."""
    row: dict[str, Any] = {
        "failures_per_second": round(crowd.failures / seconds),
        "cpu_s": round(used["cpu_ms"] / 1000, 1),
    }
    for status, times in crowd.polls.items():
        if len(times) > 1:
            row[f"polls_{status}"] = len(times)
            row[f"median_ms_{status}"] = round(statistics.median(times), 1)
            row[f"p95_ms_{status}"] = round(statistics.quantiles(times, n=20)[-1], 1)
    return row


def _signed_in(number: int) -> str:
    user = accounts.create(f"bench-{number}@example.com", role=Role.VIEWER, name="Bench", by=SYSTEM)
    anybody = Actor(kind="anonymous", id=None, label="anonymous", ip="127.0.0.1")
    return accounts.start(user, by=anybody, user_agent="bench", how="password")


def main(seconds: float) -> None:
    """Measure and print."""
    rows: dict[str, dict[str, Any]] = {}
    with stand() as on:
        log.configure(on.settings.model_copy(update={"log_level": "WARNING"}))
        with create_app(on.settings).app_context(), unit():
            _, secret = create_token("bench", [Scope.INGEST], by=SYSTEM)
            cookies = [_signed_in(number) for number in range(BROWSERS)]
        with web(on) as (port, pid):
            for run_id, (name, who) in enumerate({"senders alone": [], f"with {BROWSERS} browsers": cookies}.items()):
                done: list[Crowd] = []
                sent = made(secret, run_id, seconds)
                used = measured(on, 1, lambda: done.append(run(port, sent, who, seconds)), pid)  # noqa: B023
                rows[name] = told(done[0], seconds, used)
    for name, row in rows.items():
        print(f"{name}: {row}")
    keep("polling", rows)


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 30.0)
