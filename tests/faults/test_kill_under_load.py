"""Kill -9 of any one process under a stream of posts: nothing acknowledged is lost, nothing is doubled."""

import signal
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from tests.live import LiveConsole, live_console

pytestmark = [pytest.mark.faults, pytest.mark.timeout(400)]

RECOVERY_SECONDS = 120


class Stream:
    """Posts batches as a careful client does: again, with the same ids, until it is told 202."""

    def __init__(self, url: str, token: str) -> None:
        self.client = httpx.Client(base_url=f"{url}/api/v1", headers={"Authorization": f"Bearer {token}"}, timeout=5)
        self.acknowledged: list[str] = []
        self.refusals: list[int] = []
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        while not self.stopped.is_set():
            ids = [uuid.uuid4().hex for _ in range(5)]
            batch = [{"service": "billing", "task": "close", "message": "no ledger", "event_id": i} for i in ids]
            while not self._post(batch):
                time.sleep(0.1)
            self.acknowledged += ids

    def _post(self, batch: list[dict[str, str]]) -> bool:
        try:
            reply = self.client.post("/failures", json=batch)
        except httpx.TransportError:
            return False
        if reply.status_code != 202:
            self.refusals.append(reply.status_code)
        return reply.status_code == 202

    def after(self, more: int) -> Callable[[], bool]:
        """Whether so many more failures than now have been acknowledged."""
        target = len(self.acknowledged) + more
        return lambda: len(self.acknowledged) >= target

    def stop(self) -> None:
        self.stopped.set()
        self.thread.join(RECOVERY_SECONDS)
        assert not self.thread.is_alive(), "the last batch was never acknowledged"
        self.client.close()


def matching(console: LiveConsole, *words: str) -> list[psutil.Process]:
    """Processes of this console whose command line holds all the words, the servers that live apart included."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        line = " ".join(process.info["cmdline"] or [])
        ours = str(console.folder) in line or process in console.children()
        if ours and all(word in line for word in words):
            found.append(process)
    return found


def dead(process: psutil.Process) -> bool:
    """Whether it has ended, reaped or not. At the very moment of its end psutil may find it and then not."""
    try:
        return bool(process.status() == psutil.STATUS_ZOMBIE) or not process.is_running()
    except psutil.NoSuchProcess:
        return True


def stored(console: LiveConsole) -> list[str]:
    """The event ids of all occurrences, as the API tells them."""
    with console.api("read") as api:
        alert = api.get("/alerts", params={"service": "billing"}).raise_for_status().json()["items"][0]
        return [item["event_id"] for item in _occurrences(api, alert["id"])]


def _occurrences(api: httpx.Client, alert: int) -> Iterator[dict[str, str]]:
    cursor = ""
    while True:
        reply = api.get(f"/alerts/{alert}/occurrences", params={"limit": 200, **({"cursor": cursor} if cursor else {})})
        if reply.status_code == 429:
            time.sleep(float(reply.headers["Retry-After"]))
            continue
        body = reply.raise_for_status().json()
        yield from body["items"]
        cursor = body["next_cursor"]
        if not cursor:
            return


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveConsole]:
    folder: Path = tmp_path_factory.mktemp("killed")
    with live_console(folder, RATE_LIMIT_API="100000/minute") as running:
        yield running


VICTIMS = {
    "web master": ("gunicorn",),
    "worker": ("rqworker",),
    "scheduler": ("scheduler",),
    "redis": ("redis-server",),
    "postgres": ("postgres", "-D"),
}


@pytest.mark.parametrize("victim", VICTIMS)
def test_a_killed_process_loses_nothing(console: LiveConsole, victim: str) -> None:
    stream = Stream(console.url, console.token("ingest"))
    stream.thread.start()
    console.wait(stream.after(50), "the stream never began")
    target = matching(console, *VICTIMS[victim])
    assert target, f"no {victim} to kill"
    target[0].send_signal(signal.SIGKILL)
    console.wait(lambda: dead(target[0]), "it did not die")
    console.wait(stream.after(100), f"no failure was accepted again after the {victim} died", RECOVERY_SECONDS)
    console.wait(lambda: bool(matching(console, *VICTIMS[victim])), f"the {victim} never came back", RECOVERY_SECONDS)
    stream.stop()
    found = stored(console)
    assert len(found) == len(set(found)), "a failure was stored twice"
    assert set(stream.acknowledged) <= set(found), "an acknowledged failure was lost"


def test_a_killed_console_is_taken_up_again(console: LiveConsole) -> None:
    stream = Stream(console.url, console.token("ingest"))
    stream.thread.start()
    console.wait(stream.after(50), "the stream never began")
    console.kill()
    console.start()
    console.wait(stream.after(100), "no failure was accepted by the new console", RECOVERY_SECONDS)
    stream.stop()
    found = stored(console)
    assert len(found) == len(set(found))
    assert set(stream.acknowledged) <= set(found)
