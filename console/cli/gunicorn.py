"""gunicorn's configuration: `gunicorn -c python:console.cli.gunicorn wsgi:app`. It reads the names below."""

import atexit
import gc
import logging
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from typing import Any

import orjson
from gunicorn.glogging import Logger
from gunicorn.http.errors import LimitRequestHeaders, LimitRequestLine
from gunicorn.util import write_nonblock
from gunicorn.workers.gthread import ThreadWorker

from console.config import load_settings
from console.infra import log, memory, patience


class HouseLogger(Logger):  # type: ignore[misc]  # gunicorn is untyped
    """gunicorn's records take the same road as all others."""

    def setup(self, _cfg: Any) -> None:
        """No handler of its own: the root's writes JSON, readable lines, and no secrets."""
        self.loglevel = logging.getLogger().level
        for own in (self.error_log, self.access_log):
            own.handlers, own.propagate = [], True


# What is refused before any application sees it: an endless address, endless headers.
TOO_LONG = {
    LimitRequestLine: (HTTPStatus.REQUEST_URI_TOO_LONG, "The address is too long. Shorten the search in it."),
    LimitRequestHeaders: (HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "The headers of the request are too long."),
}


class HouseWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn is untyped
    """gunicorn's worker of threads, whose refusals are problems as everywhere else (RFC 9457)."""

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        """Answer what could not be read as a request."""
        if type(exc) not in TOO_LONG:
            super().handle_error(req, client, addr, exc)
            return
        status, detail = TOO_LONG[type(exc)]
        told = {"type": "about:blank", "title": status.phrase, "status": status, "detail": detail, "errors": []}
        body = orjson.dumps(told)
        head = f"HTTP/1.1 {status.value} {status.phrase}\r\nConnection: close\r\n"
        head += f"Content-Type: application/problem+json\r\nContent-Length: {len(body)}\r\n\r\n"
        self.log.warning("refused before it was read: %s", status.phrase)
        with suppress(OSError):
            write_nonblock(client, head.encode() + body)


# As in console/__main__: web processes inherit it when they are forked.
atexit.register(gc.freeze)

_settings = load_settings()
log.configure(_settings)
_shm = Path("/dev/shm")  # noqa: S108  heartbeat files: a slow disk must not look like a hung worker

bind = [f"[{_settings.host}]:{_settings.port}" if ":" in _settings.host else f"{_settings.host}:{_settings.port}"]
workers = _settings.web_processes
worker_class = HouseWorker
# A search of a few thousand letters, encoded. gunicorn takes no more than this.
limit_request_line = 8190
threads = _settings.web_threads
pythonpath = str(Path(__file__).parent.parent.parent)
# One import for all workers; the app opens no connection before it is asked.
preload_app = True
worker_tmp_dir = str(_shm) if _shm.is_dir() else None
timeout = 60
graceful_timeout = 3
keepalive = 5
backlog = 2048
# Proxies are believed by PROXY_HOPS alone.
forwarded_allow_ips = ""
control_socket_disable = True
accesslog = None
logger_class = HouseLogger


def when_ready(_server: Any) -> None:
    """Before the web processes are forked: what they share is neither walked nor copied."""
    memory.settle()


def post_fork(_server: Any, _worker: Any) -> None:
    """In each web process: a frozen PostgreSQL is answered with 503 instead of silence."""
    patience.install()
