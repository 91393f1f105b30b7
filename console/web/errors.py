"""Refusals and crashes as a page, a fragment or an RFC 9457 problem; one of the two broad catches."""

from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import structlog
from flask import Flask, Response, g, jsonify, make_response, render_template, request
from sqlalchemy.exc import InterfaceError, OperationalError, PendingRollbackError
from werkzeug.exceptions import HTTPException

from console.infra import sentry
from console.infra.errors import DomainError, Unavailable
from console.web import auth

WORDS = {
    404: ("There is nothing here", "The address is mistyped, or what it showed was deleted."),
    405: ("This cannot be done here", "The address exists, but not for this kind of request. Nothing was changed."),
    413: ("This is too large", "Send less at once. Nothing was stored."),
}

# What a page calls a refusal whose name is one for programs.
SPOKEN = {
    400: "This was not done",
    404: "There is nothing here",
    415: "This kind of content is not read here",
    422: "This cannot be taken as it is",
}

# SQLAlchemy's code for a session whose connection was lost; that of a failed flush is another.
CONNECTION_LOST = "8s2b"

log = structlog.get_logger(__name__)


def init_app(app: Flask) -> None:
    """Answer every error in the shape that the asker reads."""
    app.register_error_handler(DomainError, reply)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(OperationalError, _database_away)
    app.register_error_handler(InterfaceError, _database_away)
    app.register_error_handler(PendingRollbackError, _transaction_gone)
    app.register_error_handler(Exception, _crash)


def reply(error: DomainError) -> Response:
    """The answer to a refusal."""
    return _answer(error.status, error.title, error.detail, error)


def _http(error: HTTPException) -> Response:
    if error.response is not None and error.code is not None and error.code < 400:  # noqa: PLR2004
        return make_response(error.get_response())
    status = error.code or 500
    response = _answer(status, *_words(error, status), None)
    for name, value in error.get_headers():
        if name.lower() not in {"content-type", "content-length"}:
            response.headers[name] = value
    return response


def _words(error: HTTPException, status: int) -> tuple[str, str]:
    """Title and detail: ours where Werkzeug would say its usual sentence, else what was said when it was raised."""
    phrase = HTTPStatus(status).phrase
    if status in WORDS and error.description == type(error).description:
        return WORDS[status]
    return phrase, error.description or phrase


def _database_away(error: Exception) -> Response:
    log.error("database_away", error=type(error).__name__)
    return reply(
        Unavailable("The database does not answer; nothing was saved. Try again in a few seconds.", retry_after=5)
    )


def _transaction_gone(error: PendingRollbackError) -> Response:
    # The connection was lost where the fault itself was swallowed: Flask-Limiter's question who is asking.
    return _database_away(error) if error.code == CONNECTION_LOST else _crash(error)


def _crash(error: Exception) -> Response:
    log.error("request_crashed", exc_info=error)
    sentry.report(error, request_id=g.get("request_id", ""))
    return _answer(
        500, "Something broke here", "Nothing was saved. The fault is logged under the reference below.", None
    )


def _answer(status: int, title: str, detail: str, error: DomainError | None) -> Response:
    if request.path.startswith("/api/"):
        response = _problem(status, title, detail, error)
    else:
        response = _page(status, title, detail, error)
    if error is not None and error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def _problem(status: int, title: str, detail: str, error: DomainError | None) -> Response:
    body: dict[str, Any] = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    body["errors"] = [{"pointer": f.pointer, "detail": f.detail} for f in error.errors] if error else []
    body["request_id"] = g.get("request_id")
    response = make_response(jsonify(body), status)
    response.content_type = "application/problem+json"
    if status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = 'Bearer realm="console"'
    return response


def _page(status: int, title: str, detail: str, error: DomainError | None) -> Response:
    # Who asks may not be known yet, and finding out may be what failed.
    g.setdefault("actor", auth.anonymous())
    template = "errors/fragment.html" if request.headers.get("HX-Request") == "true" else "errors/page.html"
    faults = error.errors if error else ()
    said = {"title": SPOKEN.get(status, title), "detail": detail, "faults": faults, "back": _back()}
    html = render_template(template, status=status, reference=g.get("request_id"), **said)
    response = make_response(html, status)
    response.vary.add("HX-Request")
    # Whatever the button meant to replace stays as it is; the refusal is said beside it.
    response.headers["HX-Retarget"] = "#toasts"
    response.headers["HX-Reswap"] = "beforeend"
    return response


def _back() -> str:
    """The path of our page that the reader came from; empty when there was none, or when it is the one that fails."""
    came = urlsplit(request.referrer or "")
    path = urlunsplit(("", "", came.path, came.query, ""))
    if came.netloc != request.host or not path.startswith("/") or path.startswith("//"):
        return ""
    return "" if request.method == "GET" and path == request.full_path.rstrip("?") else path
