"""Health for load balancers and `up`: alive, ready, and numbers for Prometheus.

The first two need no token, no session, no database row and no HTTPS; they say nothing that helps an attacker.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass
from ipaddress import ip_address
from typing import Any, Literal

import psutil
from flask import Blueprint, Flask, Response, current_app, jsonify, request
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, Worker
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from console.config import Settings, combination_faults, production_faults
from console.infra import clock
from console.infra.actor import Scope
from console.infra.migrations import current, head
from console.web.auth import RULE, public, requires_scope
from console.web.settings import settings

CHECK_SECONDS = 0.5
CONNECT_SECONDS = 2  # libpq takes no less

bp = Blueprint("probes", __name__)


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the readiness report; `message` names no host, user or secret."""

    status: Literal["ok", "error"]
    message: str


class Probes:
    """What readiness asks, with connections of its own so that a busy pool does not look like a dead database."""

    def __init__(self, settings: Settings, redis: Redis) -> None:
        self.settings = settings
        self.redis = redis
        self.engine: Engine = create_engine(
            settings.database_url, poolclass=NullPool, connect_args={"connect_timeout": CONNECT_SECONDS}
        )
        self.threads: ThreadPoolExecutor | None = None

    def run(self) -> dict[str, Check]:
        """All checks at once, each given half a second."""
        # Threads start with the first question, not before gunicorn has forked.
        self.threads = self.threads or ThreadPoolExecutor(max_workers=16, thread_name_prefix="probe")
        asked = {name: self.threads.submit(check) for name, check in self._checks().items()}
        wait(asked.values(), timeout=CHECK_SECONDS)
        return {name: _answer(future) for name, future in asked.items()}

    def _checks(self) -> dict[str, Callable[[], Check]]:
        return {
            "database": self._database,
            "cache": self._cache,
            "queue": self._queue,
            "migrations": self._migrations,
            "config": self._config,
        }

    def _database(self) -> Check:
        with self.engine.connect() as connection:
            connection.execute(text("SELECT 1"))
        return Check("ok", "answers")

    def _cache(self) -> Check:
        self.redis.ping()
        return Check("ok", "answers")

    def _queue(self) -> Check:
        waiting = sum(queue.count for queue in Queue.all(connection=self.redis))
        workers = Worker.count(connection=self.redis)
        return Check("ok", f"{waiting} waiting, {workers} workers")

    def _migrations(self) -> Check:
        with self.engine.connect() as connection:
            found = current(connection)
        return Check("ok", f"at {found}") if found == head() else Check("error", f"at {found}, not at {head()}")

    def _config(self) -> Check:
        wrong = combination_faults(self.settings)
        wrong += production_faults(self.settings) if self.settings.production else []
        return Check("error", "; ".join(wrong)) if wrong else Check("ok", f"fit for {self.settings.environment}")


def _answer(future: "Future[Check]") -> Check:
    if not future.done():
        return Check("error", f"no answer within {CHECK_SECONDS:g} s")
    try:
        return future.result()
    except (SQLAlchemyError, RedisError):
        return Check("error", "does not answer")


def init_app(app: Flask) -> None:
    """Register the routes; the app's Redis must be there already."""
    app.extensions["console.probes"] = Probes(app.extensions["console.settings"], app.extensions["console.redis"])
    app.register_blueprint(bp)


@bp.get("/health/live/", strict_slashes=False)
@bp.get("/health/", strict_slashes=False)
@public
def live() -> Response:
    """This process answers; nothing else is asked."""
    return _uncached(jsonify(status="alive", timestamp=clock.now().isoformat()))


@bp.get("/health/ready/", strict_slashes=False)
@bp.get("/ready/", strict_slashes=False)
@public
def ready() -> tuple[Response, int]:
    """Whether a request could be served in full: 200, else 503 with what is missing."""
    checks = _run()
    good = all(check.status == "ok" for check in checks.values())
    report: dict[str, Any] = {
        "status": "ready" if good else "not_ready",
        "checks": {name: asdict(check) for name, check in checks.items()},
        "timestamp": clock.now().isoformat(),
    }
    return _uncached(jsonify(report)), 200 if good else 503


@bp.get("/metrics/", strict_slashes=False)
def metrics() -> Response:
    """Prometheus text, for a token with the scope `read` or an address in METRICS_ALLOWED_NETWORKS."""
    return _numbers() if _listed(request.remote_addr) else _numbers_for_token()


setattr(metrics, RULE, Scope.READ)


def _numbers() -> Response:
    process = psutil.Process()
    lines = [
        *_metric("console_info", "Version and environment.", [(_labels(), 1)]),
        *_metric("console_check", "1 when a readiness check is well.", _check_samples()),
        *_metric("console_web_resident_bytes", "Memory of this web process.", [("", process.memory_info().rss)]),
        *_metric("console_web_threads", "Threads of this web process.", [("", process.num_threads())]),
    ]
    return Response("\n".join(lines) + "\n", mimetype="text/plain; version=0.0.4")


_numbers_for_token = requires_scope(Scope.READ)(_numbers)


def _metric(name: str, text: str, samples: Iterable[tuple[str, float]]) -> list[str]:
    return [
        f"# HELP {name} {text}",
        f"# TYPE {name} gauge",
        *(f"{name}{labels} {value}" for labels, value in samples),
    ]


def _check_samples() -> list[tuple[str, float]]:
    return [(f'{{check="{name}"}}', float(check.status == "ok")) for name, check in _run().items()]


def _labels() -> str:
    release = settings().release.replace("\\", "").replace('"', "")
    return f'{{release="{release}",environment="{settings().environment}"}}'


def _listed(address: str | None) -> bool:
    return address is not None and any(ip_address(address) in net for net in settings().metrics_allowed_networks)


def _run() -> dict[str, Check]:
    probes: Probes = current_app.extensions["console.probes"]
    return probes.run()


def _uncached(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
