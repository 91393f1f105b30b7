"""What the HTTP benchmarks stand on: PostgreSQL with fsync, Redis, the web processes as in production, their CPU."""

import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from sqlalchemy import make_url

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

# ruff: noqa: E402 - a script finds the console beside itself
from console.config import Settings
from console.infra.embedded import ensure_postgres, ensure_redis, stop_postgres, stop_redis
from console.infra.migrations import migrate

RESULTS = ROOT / "bench" / "results.json"
PROCESSES = 2
UNLIMITED = "100000000/minute"


@dataclass(frozen=True)
class Stand:
    """The servers of one run."""

    settings: Settings
    environment: dict[str, str]
    folder: Path

    @property
    def postmaster(self) -> int:
        """PostgreSQL's first process."""
        found = next(self.folder.rglob("postmaster.pid"))
        return int(found.read_text().splitlines()[0])


@contextmanager
def stand(kept: Path | None = None) -> Iterator[Stand]:
    """Servers in a new folder, or in one that is `kept` for the next run; migrated, stopped afterwards."""
    folder = kept or Path(tempfile.mkdtemp(prefix="bench-"))
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield _stand(folder)
    finally:
        stop_redis(folder / "redis")
        stop_postgres(folder / "postgres")
        if kept is None:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def second_redis() -> Iterator[str]:
    """The address of a Redis of its own, as somebody else's would be."""
    folder = Path(tempfile.mkdtemp(prefix="bench-redis-"))
    try:
        yield ensure_redis(folder)
    finally:
        stop_redis(folder)
        shutil.rmtree(folder, ignore_errors=True)


def _stand(folder: Path) -> Stand:
    postgres = ensure_postgres(folder / "postgres", durable=True)
    redis_url = ensure_redis(folder / "redis")
    migrate(postgres.owner_url, make_url(postgres.app_url).username)
    settings = Settings(
        database_url=postgres.app_url,
        database_owner_url=postgres.owner_url,
        redis_url=redis_url,
        console_data_dir=folder,
    )
    environment = os.environ | {
        "DATABASE_URL": settings.database_url,
        "DATABASE_OWNER_URL": settings.database_owner_url,
        "REDIS_URL": redis_url,
        "CONSOLE_DATA_DIR": str(folder),
        "LOG_LEVEL": "WARNING",
        "WEB_PROCESSES": str(PROCESSES),
        "RATE_LIMIT_API": UNLIMITED,
        "RATE_LIMIT_INGEST": UNLIMITED,
    }
    return Stand(settings, environment, folder)


@contextmanager
def web(on: Stand, command: Sequence[str] = ("-m", "console", "web")) -> Iterator[tuple[int, int]]:
    """The web processes; yields (port, pid)."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    environment = on.environment | {"PORT": str(port), "HOST": "127.0.0.1"}
    with Path(on.folder, "web.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, *(part.format(port=port) for part in command)],
            cwd=ROOT,
            env=environment,
            stdout=log,
            stderr=log,
        )
    try:
        _wait(port)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(10)


def _wait(port: int) -> None:
    for _ in range(300):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("the web processes never answered")


@dataclass(frozen=True)
class Call:
    """One request, ready to be sent."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes | None = None


def send_all(port: int, calls: Sequence[Call], *, clients: int, status: int) -> None:
    """Send all calls over `clients` connections that stay open; raises when one is answered otherwise."""

    def run(mine: Sequence[Call]) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        for call in mine:
            connection.request(call.method, call.path, call.body, call.headers)
            response = connection.getresponse()
            told = response.read()
            if response.status != status:
                raise RuntimeError(f"{call.path}: {response.status} {told[:300]!r}")
        connection.close()

    with ThreadPoolExecutor(clients) as pool:
        list(pool.map(run, [calls[n::clients] for n in range(clients)]))


def measured(on: Stand, units: int, work: Callable[[], None], pid: int | None = None) -> dict[str, Any]:
    """Units a second, and milliseconds of CPU a unit: of the web processes (from `pid`), of PostgreSQL, of both."""
    roots = {"postgres": on.postmaster} | ({"web": pid} if pid else {})
    cpu, began = {name: family_cpu(root) for name, root in roots.items()}, time.monotonic()
    work()
    elapsed = time.monotonic() - began
    used = {f"cpu_ms_{name}": (family_cpu(root) - cpu[name]) * 1000 / units for name, root in roots.items()}
    return {"per_second": round(units / elapsed, 1), "cpu_ms": round(sum(used.values()), 4)} | {
        name: round(value, 4) for name, value in used.items()
    }


def family_cpu(root: int) -> float:
    """Seconds of CPU used so far by a process and all its children, the ended ones too."""
    total = 0.0
    for process in [psutil.Process(root), *psutil.Process(root).children(recursive=True)]:
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system + times.children_user + times.children_system
    return total


def table(head: str, rows: dict[str, dict[str, Any]]) -> str:
    """Results as Markdown."""
    lines = [f"| {head} | a second | CPU ms each | of it PostgreSQL | bar |", "|---|---:|---:|---:|---|"]
    lines += [
        f"| {name} | {row['per_second']:,.0f} | {row['cpu_ms']:.3f} | {row.get('cpu_ms_postgres', 0):.3f} "
        f"| {row.get('bar', '')} |"
        for name, row in rows.items()
    ]
    return "\n".join(lines)


def keep(name: str, rows: dict[str, Any]) -> None:
    """Merge one benchmark's rows into the results."""
    kept: dict[str, Any] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    RESULTS.write_text(json.dumps(kept | {name: rows}, indent=2) + "\n")
