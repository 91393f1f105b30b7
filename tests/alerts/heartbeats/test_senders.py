"""Real senders at a real console: curl as crontabs run it, and a deadline that the real scheduler finds."""

import shutil
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from console.alerts.rules.heartbeats import crontab
from console.alerts.rules.heartbeats.beats import Rhythm
from tests.live import LiveConsole, live_console

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveConsole]:
    with live_console(tmp_path_factory.mktemp("senders")) as started:
        yield started


@pytest.fixture(scope="module")
def api(console: LiveConsole) -> Iterator[httpx.Client]:
    with console.api("admin", "read", "ingest") as made:
        yield made


def sh(line: str) -> "subprocess.CompletedProcess[str]":
    """A line as cron gives it to a shell."""
    return subprocess.run(["/bin/sh", "-c", line], capture_output=True, text=True, timeout=30, check=False)


def made(api: httpx.Client, name: str, **fields: Any) -> str:
    """The ping address of a new heartbeat."""
    answer = api.put(f"/heartbeats/{name}", json=fields)
    assert answer.status_code == 200, answer.text
    address: str = answer.json()["ping_url"]
    return address


def pings(api: httpx.Client, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.get(f"/heartbeats/{name}/pings").json()["items"]
    return found


def wait(true: Callable[[], Any], seconds: float = 20) -> Any:
    """What `true` finds, as soon as it does."""
    until = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < until, "it never came true"
        time.sleep(0.1)
    return found


@pytest.mark.parametrize(("command", "kind", "code"), [("true", "success", 0), ("sh -c 'exit 7'", "fail", 7)])
def test_the_pasted_line_reports_the_exit_code(api: httpx.Client, command: str, kind: str, code: int) -> None:
    address = made(api, f"pasted-{code}")
    line = crontab.line(Rhythm(timedelta(1), cron="30 2 * * *"), address)
    assert line.startswith("30 2 * * * ")
    done = sh(line.removeprefix("30 2 * * * ").replace(crontab.COMMAND, command))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    (kept,) = pings(api, f"pasted-{code}")
    assert (kept["kind"], kept["exit_code"], kept["method"]) == (kind, code, "GET")


def test_the_pasted_script_reports_length_and_output(api: httpx.Client) -> None:
    address = made(api, "script")
    command = "sh -c 'seq 4000; echo the end; exit 3'"
    done = sh(crontab.script(address).replace(crontab.COMMAND, command))
    assert (done.returncode, done.stderr) == (0, "")
    ended, started = pings(api, "script")
    assert (started["kind"], ended["kind"], ended["exit_code"]) == ("start", "fail", 3)
    assert ended["duration_seconds"] > 0
    assert ended["body"].endswith("4000\nthe end")
    assert len(ended["body"]) == 10_000


def test_lines_of_healthchecks_work_as_they_are(console: LiveConsole, api: httpx.Client) -> None:
    address, key = made(api, "theirs"), console.cli("ping-key").stdout.strip()
    slug = f"{console.url}/ping/{key}/theirs"
    for line in (
        f"curl -m 10 --retry 5 {address}",
        f"curl -fsS --retry 3 {address}/ > /dev/null",
        f'curl --data-raw "$(echo output)" {address}',
        f'm=$(echo renewed 2>&1); curl -fsS -m 10 --retry 5 --data-raw "$m" {address}/$?',
        f'RID={uuid.uuid4()}; curl -fsS "{address}/start?rid=$RID"; curl -fsS "{address}?rid=$RID"',
        f"curl -fsS {slug}/start; curl -fsS {slug}; curl -fsS {slug}/log --data-binary @/bin/true",
    ):
        assert sh(line).returncode == 0, line
    assert len(pings(api, "theirs")) == 9
    answer = sh(
        f"curl -sS -o /dev/null -w '%{{http_code}} %{{num_redirects}}' '{console.url}/ping/{key}/fresh?create=1'"
    )
    assert answer.stdout == "201 0"


def test_a_deadline_is_found_within_five_seconds(api: httpx.Client) -> None:
    address = made(api, "silent", period_seconds=1, grace_seconds=1, service="silent")
    sh(f"curl -fsS {address}")
    deadline = datetime.fromisoformat(api.get("/heartbeats/silent").json()["deadline_at"])
    (alert,) = wait(lambda: api.get("/alerts", params={"service": "silent"}).json()["items"])
    assert (datetime.now(UTC) - deadline).total_seconds() < 5
    assert (alert["status"], alert["count"]) == ("open", 1)
    assert datetime.fromisoformat(alert["last_seen"]) == deadline
    # A rhythm that leaves the test time, so that the ping is what ends it.
    made(api, "silent", period_seconds=3_600, service="silent")
    sh(f"curl -fsS {address}")
    after = api.get(f"/alerts/{alert['id']}").json()
    assert (after["status"], after["count"]) == ("resolved", 1)


def test_alertmanager_posts_and_is_answered(console: LiveConsole, api: httpx.Client) -> None:
    body = Path(__file__).parent.parent / "webhooks" / "alertmanager" / "firing.json"
    bearer = api.headers["Authorization"].removeprefix("Bearer ")
    address = f"{console.url}/api/v1/webhooks/alertmanager?token={bearer}"
    line = f"curl -fsS -H 'Content-Type: application/json' --data-binary @{body} '{address}'"
    assert '"accepted":2' in sh(line).stdout
    assert '"duplicates":2' in sh(line).stdout
    assert bearer not in "".join(console.output)
