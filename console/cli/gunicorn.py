"""gunicorn's configuration: `gunicorn -c python:console.cli.gunicorn wsgi:app`. It reads the names below."""

import atexit
import gc
import logging
from pathlib import Path
from typing import Any

from gunicorn.glogging import Logger

from console.config import load_settings
from console.infra import log, patience


class HouseLogger(Logger):  # type: ignore[misc]  # gunicorn is untyped
    """gunicorn's records take the same road as all others."""

    def setup(self, _cfg: Any) -> None:
        """No handler of its own: the root's writes JSON, readable lines, and no secrets."""
        self.loglevel = logging.getLogger().level
        for own in (self.error_log, self.access_log):
            own.handlers, own.propagate = [], True


# As in console/__main__: web processes inherit it when they are forked.
atexit.register(gc.freeze)

_settings = load_settings()
log.configure(_settings)
_shm = Path("/dev/shm")  # noqa: S108  heartbeat files: a slow disk must not look like a hung worker

bind = [f"[{_settings.host}]:{_settings.port}" if ":" in _settings.host else f"{_settings.host}:{_settings.port}"]
workers = _settings.web_processes
worker_class = "gthread"
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


def post_fork(_server: Any, _worker: Any) -> None:
    """In each web process: a frozen PostgreSQL is answered with 503 instead of silence."""
    patience.install()
