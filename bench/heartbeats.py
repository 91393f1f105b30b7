"""Pings of heartbeats over HTTP, and the sweep that finds what is missed: `python bench/heartbeats.py [PINGS]`.

Pings go round 1,000 heartbeats, as curl sends them: most a plain GET, one in four a POST with a body of 2 KB, one in
eight a start. The peer figure was measured once on the same kind of machine, not in this run.
"""

import random
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))


from bench.stand import PROCESSES, Call, Stand, keep, measured, send_all, stand, table, web
from console.alerts import actions
from console.alerts.rules.heartbeats.wanted import Wanted
from console.app import create_app
from console.config import Settings
from console.infra import clock
from console.infra.actor import SYSTEM
from console.infra.transaction import unit

HEARTBEATS = 1_000
CLIENTS = 8
FLOOR = ("-m", "gunicorn", "-k", "gthread", "-w", str(PROCESSES), "--threads", "16", "-b", "127.0.0.1:{port}")
HEADERS = {"User-Agent": "curl/8.5.0"}
PEER = {"per_second": 122, "cpu_ms": 14.0, "bar": "measured earlier, on Django 5.2"}


def heartbeats(settings: Settings) -> list[str]:
    """The ping addresses of as many heartbeats, half by period and half by cron."""
    with create_app(settings).app_context(), unit():
        now, made = clock.now(), []
        for number in range(HEARTBEATS):
            name = f"job-{number}"
            by_cron: dict[str, Any] = {"period_seconds": None, "cron": "30 2 * * *", "timezone": "Europe/Berlin"}
            wanted = Wanted(name=name, slug=name, **(by_cron if number % 2 else {}))
            made.append(f"/ping/{actions.create_heartbeat(wanted, by=SYSTEM, at=now).uuid}")
    return made


def calls(addresses: list[str], count: int) -> list[Call]:
    """A day's mix of pings."""
    chance = random.Random(count)  # noqa: S311 - the same mix in every run
    body, made = b"line of output\n" * 136, []
    for number in range(count):
        address = addresses[chance.randrange(len(addresses))]
        if number % 8 == 0:
            made.append(Call("GET", f"{address}/start", HEADERS))
        elif number % 4 == 1:
            made.append(Call("POST", f"{address}/0", HEADERS, body))
        else:
            made.append(Call("GET", address, HEADERS))
    return made


def sweep(settings: Settings) -> dict[str, Any]:
    """A second's look for what is missed, when nothing is: what each of a scheduler's looks costs."""
    looks = 200
    with create_app(settings).app_context():
        began, cpu = time.monotonic(), time.process_time()
        for _ in range(looks):
            with unit():
                actions.sweep_heartbeats(at=clock.now() - timedelta(days=1))
        used, elapsed = time.process_time() - cpu, time.monotonic() - began
    return {
        "per_second": looks / elapsed,
        "cpu_ms": used * 1000 / looks,
        "bar": "one a second (PostgreSQL not counted)",
    }


def run(on: Stand, count: int) -> dict[str, dict[str, Any]]:
    """Pings, then the sweep over the same table."""
    addresses = heartbeats(on.settings)
    with web(on) as (port, pid):
        send_all(port, calls(addresses, 1_000), clients=CLIENTS, status=200)
        pings = calls(addresses, count)
        found = measured(on, count, lambda: send_all(port, pings, clients=CLIENTS, status=200), pid)
    return {"pings": found | {"bar": "≥ 500/s, ≤ 3 ms"}, f"sweep of {HEARTBEATS:,} heartbeats": sweep(on.settings)}


def main(count: int) -> None:
    """Measure and print."""
    with stand() as on:
        rows = run(on, count)
        with web(on, (*FLOOR, "bench.floor_app:app")) as (port, pid):
            hello = [Call("GET", "/", {})] * count
            floor = measured(on, count, lambda: send_all(port, hello, clients=CLIENTS, status=200), pid)
    rows |= {"peer: Healthchecks": PEER, "floor: bare Flask page": floor}
    print(table("heartbeats", rows))
    keep("heartbeats", rows)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
