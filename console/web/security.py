"""What every response carries and every request must pass: headers, HTTPS, trusted hosts, CSRF.

Flask-Talisman sets most headers; here stands its policy and what it lacks. References: OWASP ASVS 5
(3.4, 3.5), MDN HTTP Observatory.
"""

from collections.abc import Callable
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, redirect, request
from flask_wtf.csrf import CSRFError, CSRFProtect
from werkzeug.exceptions import SecurityError
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Response as AnyResponse

from console.config import Settings
from console.infra.errors import BadRequest, Forbidden
from console.web import errors, lean
from console.web.settings import settings

# Nothing inline, nothing foreign, no eval. `data:` images are Tabler's own small marks.
CSP: Final = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "manifest-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
_UNUSED = (
    "accelerometer autoplay browsing-topics camera display-capture encrypted-media fullscreen geolocation gyroscope "
    "magnetometer microphone midi payment picture-in-picture screen-wake-lock usb xr-spatial-tracking"
)
PERMISSIONS: Final = dict.fromkeys(_UNUSED.split(), "()")
ISOLATION: Final = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Permitted-Cross-Domain-Policies": "none",
}
# Probes and heartbeats come over plain HTTP from inside the network and must never be redirected.
PLAIN: Final = ("/health", "/ready", "/ping/", "/metrics")
LOOPBACK: Final = ("localhost", "127.0.0.1", "[::1]")
# Of a form, in bytes and fields, before anybody is known; `takes_files` allows more where a file comes in.
FORM_MOST: Final = 4_000_000
FORM_PARTS: Final = 8_000
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})

STALE_PAGE = (
    "This page is out of date: your session has changed since it was opened. Reload it and try again; "
    "nothing was changed."
)
ELSEWHERE = "This request came from another site, so nothing was done. Open the console itself and try there."
WRONG_HOST = (
    "The console does not answer to this host name. Open it by its own address, or let whoever runs it add the name "
    "to TRUSTED_HOSTS.\n"
)

V = TypeVar("V", bound=Callable[..., Any])

_csrf = CSRFProtect()


def init_app(app: Flask) -> None:
    """Put the guards before every view, and the headers on every reply, static files and errors too."""
    found: Settings = app.extensions["console.settings"]
    https = is_secure(found)
    _behind_proxies(app, found)
    app.config.update(
        SESSION_COOKIE_NAME=_name("csrf", https=https),
        SESSION_COOKIE_SECURE=https,
        SESSION_COOKIE_SAMESITE="Lax",
        TRUSTED_HOSTS=trusted_hosts(found),
        # The token lives as long as the session; the page may stay open all day.
        WTF_CSRF_TIME_LIMIT=None,
        # _guard decides what is checked, and judges the origin itself.
        WTF_CSRF_CHECK_DEFAULT=False,
        WTF_CSRF_SSL_STRICT=False,
    )
    _csrf.init_app(app)
    app.register_error_handler(SecurityError, _wrong_host)
    app.register_error_handler(CSRFError, lambda _: errors.reply(BadRequest(STALE_PAGE)))
    app.before_request(_guard)
    app.after_request(_finish)
    lean.Headers(app, **_talisman(found))


def is_secure(found: Settings) -> bool:
    """Whether people reach this console by HTTPS."""
    return found.production or found.public_url.startswith("https://")


def secure() -> bool:
    """The same for the running app: cookies are Secure, and named so that no other host can set them."""
    return is_secure(settings())


def cookie_name(kind: str) -> str:
    """The cookie's name; `__Host-` binds it to this host and path, which browsers only accept over HTTPS."""
    return _name(kind, https=secure())


def trusted_hosts(found: Settings) -> list[str] | None:
    """The Host headers that are answered; None for any, when a development server listens for its network."""
    named = list(found.trusted_hosts) or [urlsplit(found.base_url).hostname or ""]
    if found.base_url or found.trusted_hosts:
        return [*filter(None, named), *LOOPBACK]
    return [*LOOPBACK] if found.host in {*LOOPBACK, "::1"} else None


def _name(kind: str, *, https: bool) -> str:
    return f"__Host-{kind}" if https else kind


def _behind_proxies(app: Flask, found: Settings) -> None:
    hops = found.proxy_hops
    if hops:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]


def _talisman(found: Settings) -> dict[str, Any]:
    return {
        # _guard redirects: Talisman would redirect probes too, and believe any X-Forwarded-Proto.
        "force_https": False,
        "strict_transport_security": is_secure(found),
        "content_security_policy": dict(CSP),
        "permissions_policy": dict(PERMISSIONS),
        "frame_options": "DENY",
        # no-referrer would take the Origin header from forms.
        "referrer_policy": "same-origin",
        "session_cookie_secure": is_secure(found),
    }


def _guard() -> AnyResponse | None:
    if settings().production and not request.is_secure and not request.path.startswith(PLAIN):
        return redirect(request.url.replace("http://", "https://", 1), 308)
    if request.method not in SAFE_METHODS and _from_a_browser():
        _same_origin()
        _bound()
        _csrf.protect()
    return None


def takes_files(most: int) -> Callable[[V], V]:
    """Let a view take forms of up to `most` bytes."""

    def mark(view: V) -> V:
        view.console_form_most = most  # type: ignore[attr-defined]
        return view

    return mark


def _bound() -> None:
    """Before the form is read, which the check of its token does: a file of 100 MB is refused by its first line."""
    view = current_app.view_functions.get(request.endpoint or "")
    request.max_content_length = getattr(view, "console_form_most", FORM_MOST)
    request.max_form_parts = FORM_PARTS


def _wrong_host(_: SecurityError) -> Response:
    """Plain text: without a host that is trusted, Flask cannot even say where its style sheets are."""
    return Response(WRONG_HOST, status=400, mimetype="text/plain")


def _from_a_browser() -> bool:
    """Whether the browser's cookies could be what authorises: the API and heartbeats never look at them."""
    if request.path.startswith(("/api/", "/ping/")):
        return False
    return not request.headers.get("Authorization", "").lower().startswith("bearer ")


def _same_origin() -> None:
    """A second lock beside the token: browsers say where a form comes from, and scripts cannot change that."""
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    foreign = origin is not None and urlsplit(origin).netloc != request.host
    if foreign or site not in {None, "same-origin", "none"}:
        raise Forbidden(ELSEWHERE)


def _finish(response: Response) -> Response:
    headers = response.headers
    there = {name.lower() for name, _ in headers}
    headers.extend([item for item in ISOLATION.items() if item[0].lower() not in there])
    if "cache-control" not in there and request.endpoint != "static":
        # Pages hold what only their reader may see; the back button must not show it after signing out.
        headers.add("Cache-Control", "no-store")
    return response
