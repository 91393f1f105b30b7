"""A Redis of somebody else: a server of its own on a port of this machine, that a test may stop, freeze and start."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import redis
from redis import Redis

from console.infra.embedded.binaries import find_redis


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


@dataclass
class Elsewhere:
    """One server; `url` names its first database, with its password where it has one."""

    folder: Path
    password: str = ""
    port: int = field(default_factory=free_port)
    aof: bool = False
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        return self.url_of(0)

    def url_of(self, db: int) -> str:
        login = f":{self.password}@" if self.password else ""
        return f"redis://{login}127.0.0.1:{self.port}/{db}"

    def client(self, db: int = 0) -> "Redis":
        return Redis(host="127.0.0.1", port=self.port, db=db, password=self.password or None)

    def start(self) -> None:
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder), "--save", ""]
        secret = ["--requirepass", self.password] if self.password else []
        kept = ["--appendonly", "yes", "--appendfsync", "always"] if self.aof else []
        command = [str(find_redis().path), *options, *secret, *kept]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        until = time.monotonic() + 10
        while not self._answers():
            if time.monotonic() > until:
                raise RuntimeError("the other Redis did not start")
            time.sleep(0.02)

    def _answers(self) -> bool:
        try:
            with self.client() as client:
                return bool(client.ping())
        except redis.ConnectionError:
            return False

    def freeze(self) -> None:
        """It keeps its connections and answers nothing."""
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGCONT)

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


@contextmanager
def elsewhere(folder: Path, password: str = "", *, aof: bool = False) -> Iterator[Elsewhere]:
    """Start one for the block; with `aof` it keeps what it holds when it is stopped."""
    made = Elsewhere(folder, password, aof=aof)
    made.start()
    try:
        yield made
    finally:
        made.stop()
