"""What Flask and its extensions work out anew for each request, worked out once: it was a tenth of a short one."""

from collections.abc import Callable, Sequence
from typing import Any

from flask import Flask, Response, request
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from flask_limiter import Limiter
from flask_talisman import Talisman
from itsdangerous import URLSafeTimedSerializer


class House(Flask):
    """Flask whose views and hooks are plain functions, which it need not ask each of them at each request."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """The function as it is: none of ours is a coroutine."""
        return func


class Sessions(SecureCookieSessionInterface):
    """Flask's signed cookie, which only the CSRF token and waiting toasts are kept in."""

    def __init__(self) -> None:
        self._signers: dict[object, URLSafeTimedSerializer | None] = {}

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """The signer, one for each key."""
        if app.secret_key not in self._signers:
            self._signers[app.secret_key] = super().get_signing_serializer(app)
        return self._signers[app.secret_key]

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Write what was changed; of what nobody looked at there is nothing to say."""
        if session.accessed or session.modified:
            super().save_session(app, session, response)


class Headers(Talisman):  # type: ignore[misc]  # Talisman is untyped
    """Talisman with one policy for all views and no nonces: its headers are the same for all that came the same way."""

    def __init__(self, app: Flask, **options: Any) -> None:
        self._known: dict[bool, Sequence[tuple[str, str]]] = {}
        super().__init__(app, **options)

    def _make_nonce(self) -> None:
        """Nothing inline is allowed, with a nonce or without."""

    def _set_response_headers(self, response: Response) -> Response:
        secure = request.is_secure or request.headers.get("X-Forwarded-Proto") == "https"
        if secure not in self._known:
            bare = Response()
            usual = {name for name, _ in bare.headers}
            super()._set_response_headers(bare)
            self._known[secure] = [(name, value) for name, value in bare.headers if name not in usual]
        headers = response.headers
        for name, _ in self._known[secure]:
            headers.remove(name)
        headers.extend(self._known[secure])
        return response


class Limits(Limiter):
    """Flask-Limiter, which asks of requests that are never counted nothing but that."""

    def __init__(self, *args: Any, free: Callable[[], bool], **options: Any) -> None:
        self._is_free = free
        super().__init__(*args, **options)

    def _check_request_limit(self, callable_name: str | None = None, in_middleware: bool = True) -> None:  # noqa: FBT001, FBT002
        if not self._is_free():
            super()._check_request_limit(callable_name, in_middleware)
