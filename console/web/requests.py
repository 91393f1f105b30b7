"""A request id for every request: taken from a trusted-looking header or made, logged, and sent back.

One log line a request, with the route instead of the address: addresses may hold one-time links.
"""

import re
import time
import uuid
from http import HTTPStatus

import structlog
from flask import Flask, Response, g, request

log = structlog.get_logger(__name__)

QUIET = {"static", "probes.live", "probes.ready"}
_SAFE = re.compile(r"[A-Za-z0-9._-]{8,64}")


def init_app(app: Flask) -> None:
    """Bind the id to the log context before anything else happens."""
    app.before_request(_begin)
    app.after_request(_end)


def _begin() -> None:
    given = request.headers.get("X-Request-ID", "")
    g.request_id = given if _SAFE.fullmatch(given) else uuid.uuid4().hex[:16]
    g.began = time.perf_counter()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)


def _end(response: Response) -> Response:
    response.headers["X-Request-ID"] = g.get("request_id", "")
    # Polls, probes and files by the thousand say nothing unless something is wrong.
    quiet = response.status_code == HTTPStatus.NOT_MODIFIED or request.endpoint in {
        "static",
        "probes.live",
        "probes.ready",
    }
    tell = log.debug if quiet and response.status_code < HTTPStatus.BAD_REQUEST else log.info
    took = round((time.perf_counter() - g.began) * 1000, 1) if "began" in g else None
    route = str(request.url_rule) if request.url_rule else None
    tell("request", method=request.method, route=route, status=response.status_code, milliseconds=took)
    return response
