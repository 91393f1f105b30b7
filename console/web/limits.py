"""How often one may ask. Four separate budgets, so that a busy one never spends another's.

Counted in Redis, and per process in memory while Redis is away (Flask-Limiter 4). Sign-in attempts are
not counted here but in PostgreSQL: losing Redis must not open that door.
"""

import math
from typing import Any, Final

import structlog
from flask import Flask, Response, current_app, request
from flask_limiter import Limiter, RateLimitExceeded, RequestLimit
from redis.exceptions import RedisError

from console.config import Settings
from console.infra import clock
from console.infra.actor import Scope
from console.infra.errors import TooMany, Unavailable
from console.infra.events import LimitBreached, limit_breached
from console.web import auth, errors, lean
from console.web.settings import settings

# A person's pages, and the polls of many open tabs: far above use, far below what would hurt.
PAGES: Final = "600/minute"
POLLS: Final = "2400/minute"
_STORAGE_OPTIONS: Final[dict[str, Any]] = {"socket_connect_timeout": 0.5, "socket_timeout": 0.5}

log = structlog.get_logger(__name__)


def init_app(app: Flask) -> None:
    """Count every request to a known route but static files, health and heartbeats."""
    found: Settings = app.extensions["console.settings"]
    limiter = lean.Limits(
        free=_free,
        rate=_rate,
        whose=_whose,
        storage_uri=_storage(found.redis_url),
        storage_options=_STORAGE_OPTIONS,
        # moving-window would cost a Redis list per caller.
        strategy="sliding-window-counter",
        in_memory_fallback_enabled=True,
        swallow_errors=True,
        on_breach=_announce,
    )
    limiter.init_app(app)
    app.register_error_handler(RateLimitExceeded, _refuse)
    app.extensions["console.limiter"] = limiter


def budget() -> str:
    """Which budget this request spends: ingest, api, polls or pages."""
    if auth.access_rule(current_app.view_functions[request.endpoint or "static"]) is Scope.INGEST:
        return "ingest"
    if request.path.startswith("/api/"):
        return "api"
    return "polls" if request.headers.get("X-Poll") == "1" else "pages"


def _rate() -> str:
    found = settings()
    return {"ingest": found.rate_limit_ingest, "api": found.rate_limit_api, "polls": POLLS, "pages": PAGES}[budget()]


def _whose() -> str:
    actor = auth.current_actor()
    # Redis keys are parts joined by slashes; colons of IPv6 do no harm.
    who = f"{actor.kind}:{actor.id}" if actor.id is not None else f"address:{request.remote_addr}"
    return f"{budget()}:{who}"


def _free() -> bool:
    """Version polls are told by `X-Poll`; what load balancers and cron ask is never counted."""
    endpoint = request.endpoint
    return endpoint is None or endpoint == "static" or request.path.startswith(("/health", "/ready", "/ping/"))


def _announce(breached: RequestLimit) -> None:
    endpoint = request.endpoint or ""
    log.warning("limit_breached", limit=str(breached.limit), key=breached.key, endpoint=endpoint)
    limit_breached.announce(
        LimitBreached(str(breached.limit), breached.key, endpoint, request.method, auth.current_actor())
    )


def _refuse(error: RateLimitExceeded) -> Response:
    seconds = _wait(error)
    many = error.limit.limit if error.limit else "the limit"
    if request.path.startswith(auth.WEBHOOKS):
        # Alertmanager and its like take 429 for good and send again after 5xx only.
        return errors.reply(Unavailable(f"More than {many} requests. Send it again later.", retry_after=seconds))
    return errors.reply(
        TooMany(f"More than {many} requests. Nothing was done; try again in {seconds} s.", retry_after=seconds)
    )


def _wait(error: RateLimitExceeded) -> int:
    limiter: Limiter = current_app.extensions["console.limiter"]
    longest = error.limit.limit.get_expiry() if error.limit else 60
    try:
        current = limiter.current_limit
        wait = math.ceil(current.reset_at - clock.now().timestamp()) if current else longest
    except RedisError:
        wait = longest
    return min(max(wait, 1), longest)


def _storage(redis_url: str) -> str:
    return f"redis+{redis_url}" if redis_url.startswith("unix:") else redis_url
