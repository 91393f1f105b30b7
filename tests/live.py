"""A console as its users start it: `python -m console up` in a folder of its own, as a real process."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from typing import Self

import httpx
import psutil

ROOT = Path(__file__).parent.parent
READY_SECONDS = 90
STOP_SECONDS = 30
KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "VIRTUAL_ENV")


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class LiveConsole:
    """`up` and its children. `url` is where it answers; `output` holds the lines it printed so far."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.output: list[str] = []
        self.process: subprocess.Popen[str] | None = None
        self.reader: Thread | None = None
        self.environment = {
            **{name: os.environ[name] for name in KEPT if name in os.environ},
            "CONSOLE_DATA_DIR": str(folder),
            "PORT": str(self.port),
            **environment,
        }

    def start(self) -> Self:
        """Start and wait until the console says that it is ready."""
        self.output.clear()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "console", "up"],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.reader = Thread(target=self._read, args=(self.process,), daemon=True)
        self.reader.start()
        self.wait(lambda: any("Console ready" in line for line in self.output), "the console never was ready")
        return self

    def _read(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout
        with process.stdout as printed:
            self.output.extend(iter(printed.readline, ""))

    def wait(self, true: Callable[[], bool], complaint: str, seconds: float = READY_SECONDS) -> None:
        """Until `true()` holds; fails with the console's output when it does not in time or the console ended."""
        until = time.monotonic() + seconds
        while not true():
            ended = self.process is not None and self.process.poll() is not None
            if ended or time.monotonic() > until:
                raise AssertionError(f"{complaint}:\n{''.join(self.output[-40:])}")
            time.sleep(0.05)

    def cli(self, *arguments: str, stdin: str = "") -> "subprocess.CompletedProcess[str]":
        """One command beside the running console."""
        return subprocess.run(
            [sys.executable, "-m", "console", *arguments],
            cwd=ROOT,
            env=self.environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def token(self, *scopes: str) -> str:
        """A fresh API token."""
        done = self.cli("token", "create", "test", *(part for scope in scopes for part in ("--scope", scope)))
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def api(self, *scopes: str) -> httpx.Client:
        """A client of the JSON API that holds a token with these scopes."""
        headers = {"Authorization": f"Bearer {self.token(*scopes)}"}
        return httpx.Client(base_url=f"{self.url}/api/v1", headers=headers, timeout=10)

    def children(self) -> list[psutil.Process]:
        """`up` and everything below it."""
        assert self.process
        with contextlib.suppress(psutil.NoSuchProcess):
            parent = psutil.Process(self.process.pid)
            return [parent, *parent.children(recursive=True)]
        return []

    def stop(self) -> int:
        """SIGTERM to `up` alone; returns its exit code."""
        assert self.process
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOP_SECONDS)

    def kill(self) -> None:
        """Kill -9 of `up` alone."""
        assert self.process
        self.process.kill()
        self.process.wait(STOP_SECONDS)


@contextlib.contextmanager
def live_console(folder: Path, **environment: str) -> Iterator[LiveConsole]:
    """A started console that is stopped at the end, whatever happens."""
    console = LiveConsole(folder, **environment)
    try:
        yield console.start()
    finally:
        if console.process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                console.stop()
            with contextlib.suppress(ProcessLookupError):
                os.killpg(console.process.pid, signal.SIGKILL)
            console.process.wait()
            if console.reader:
                console.reader.join()
