"""`up`: everything the console needs, in the foreground, until told to stop."""

import contextlib
import http.client
import json
import os
import signal
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import click
import psutil
import structlog
from flask import Flask

from console.cli.folder import CannotStart, DataFolder, Runtime
from console.cli.lifelines import adopt_orphans, bury, kill_trees, started_at
from console.cli.people import first_admin_link
from console.cli.servers import Embedded, bring_up_to_date
from console.cli.supervisor import Child, Stop, Supervisor, ignore_signals, stop_on_signals
from console.config import Settings, child_environment, load_settings

READY_SECONDS = 90.0
PROBE_SECONDS = 2.0
TEND_SECONDS = 1.0
SHORT_WORKER = ["rqworker", "fast", "default", "--simple"]
LONG_WORKER = ["rqworker", "default", "long"]

log = structlog.get_logger(__name__)


def run() -> None:
    """Start, supervise, stop. Raises CannotStart and its kin with a sentence."""
    from console.infra.log import configure

    settings = load_settings()
    settings = settings.model_copy(update={"console_data_dir": settings.console_data_dir.resolve()})
    configure(settings)
    folder = DataFolder(settings.console_data_dir)
    folder.prepare()
    with folder.alone(), folder.using_servers():
        adopt_orphans()
        stop_on_signals()
        _clear_leftovers(folder)
        with _listening(settings) as listener:
            _serve(settings, folder, listener)


def _serve(settings: Settings, folder: DataFolder, listener: socket.socket) -> None:
    settings = settings.model_copy(update={"port": listener.getsockname()[1]})
    embedded = Embedded.needed_by(settings)
    try:
        settings = embedded.start(settings)
        bring_up_to_date(settings)
        _House(settings, folder, embedded, listener).run()
    except Stop as asked:
        log.info("stopping", asked_by=str(asked))
    finally:
        ignore_signals()
        embedded.stop()
        _end_stragglers()
        folder.forget()


@dataclass
class _House:
    """The processes and servers of one running console."""

    settings: Settings
    folder: DataFolder
    embedded: Embedded
    listener: socket.socket

    def __post_init__(self) -> None:
        self.supervisor = Supervisor(self._children(), child_environment(self.settings), self._tell)
        self.next_tending = 0.0

    def run(self) -> None:
        """Until Stop."""
        try:
            self.supervisor.start()
            app = _app(self.settings)  # while the children import the same
            self._await_ready()
            click.echo(f"Console ready: http://{self.settings.host}:{self.settings.port}")
            with app.app_context():
                self._greet()
            while True:
                self._tend()
        finally:
            ignore_signals()
            self.supervisor.stop()

    def _children(self) -> list[Child]:
        fd = self.listener.fileno()
        web = Child("web", ["web", "--listener", str(fd)], pass_fds=(fd,))
        short = [Child(f"worker-short-{n}", SHORT_WORKER) for n in range(self.settings.workers_short)]
        long = [Child(f"worker-long-{n}", LONG_WORKER) for n in range(self.settings.workers_long)]
        return [web, *short, *long, Child("scheduler", ["scheduler"])]

    def _greet(self) -> None:
        link = first_admin_link(self.settings)
        if link:
            click.echo(f"Nobody can sign in yet. This link, once, makes the first admin: {link}")

    def _tend(self) -> None:
        self.supervisor.tend()
        if time.monotonic() >= self.next_tending:
            self.embedded.tend()
            self.next_tending = time.monotonic() + TEND_SECONDS
        self.supervisor.nap()

    def _await_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while (missing := _missing(self.settings)) is not None:
            if time.monotonic() > deadline:
                raise CannotStart(f"The console did not become ready within {READY_SECONDS:g} s: {missing}.")
            self.supervisor.tend()
            self.supervisor.nap(0.1)

    def _tell(self) -> None:
        processes = tuple((pid, started_at(pid) or 0.0) for pid in self.supervisor.pids())
        told = Runtime(
            host=self.settings.host,
            port=self.settings.port,
            database_url=self.settings.database_url,
            database_owner_url=self.settings.database_owner_url,
            redis_url=self.settings.redis_url,
        )
        self.folder.tell(replace(told, processes=processes))


def _app(settings: Settings) -> Flask:
    from console.app import create_app

    return create_app(settings)


@contextlib.contextmanager
def _listening(settings: Settings) -> Iterator[socket.socket]:
    """The port, taken before anything slow starts and kept while web processes come and go."""
    try:
        family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
        listener = socket.create_server((settings.host, settings.port), family=family, backlog=2048)
    except OSError as error:
        why = os.strerror(error.errno or 0)
        raise CannotStart(
            f"Port {settings.port} on {settings.host} cannot be used ({why}). Choose another with PORT."
        ) from error
    with listener:
        yield listener


def _clear_leftovers(folder: DataFolder) -> None:
    """Processes of an `up` that was killed: normally gone by themselves, ended here otherwise."""
    told = folder.last_told()
    left = [pid for pid, since in (told.processes if told else ()) if started_at(pid) == since]
    for pid in left:
        with contextlib.suppress(psutil.NoSuchProcess):
            psutil.Process(pid).send_signal(signal.SIGTERM)
    psutil.wait_procs([psutil.Process(pid) for pid in left if psutil.pid_exists(pid)], timeout=2)
    kill_trees(pid for pid, since in (told.processes if told else ()) if started_at(pid) == since)


def _end_stragglers() -> None:
    """Whatever was orphaned while we stopped, such as a job whose worker had to be killed."""
    kill_trees(process.pid for process in psutil.Process().children())
    bury(())


def _missing(settings: Settings) -> str | None:
    """None when /health/ready says 200, else what is not well yet."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104  comparison
    connection = http.client.HTTPConnection(host, settings.port, timeout=PROBE_SECONDS)
    try:
        connection.request("GET", "/health/ready")
        reply = connection.getresponse()
        report = reply.read()
    except (OSError, http.client.HTTPException):
        return "the web process does not answer"
    finally:
        connection.close()
    if reply.status == http.HTTPStatus.OK:
        return None
    if reply.status != http.HTTPStatus.SERVICE_UNAVAILABLE:
        return f"/health/ready answers {reply.status}"
    checks = json.loads(report).get("checks", {})
    return "; ".join(f"{name}: {check['message']}" for name, check in checks.items() if check["status"] != "ok")
