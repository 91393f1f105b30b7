"""What Flask and its extensions work out anew for each request, worked out once: it was a tenth of a short one."""

from collections.abc import Callable, Sequence
from typing import Any

from flask import Flask, Response, request
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from flask_limiter import Limiter
from flask_talisman import Talisman
from itsdangerous import URLSafeTimedSerializer
from limits import parse_many
from redis.exceptions import RedisError

# The first and the last part of a counter's key in Redis, as Flask-Limiter has them for the limits of a whole app.
PREFIX = "console"
EVERYWHERE = "global"


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
    """Flask-Limiter, which asks of requests that are never counted nothing but that, and of most others one thing.

    `free` says which are never counted, `rate` and `whose` what all others may spend and who spends it.
    """

    def __init__(
        self, *, free: Callable[[], bool], rate: Callable[[], str], whose: Callable[[], str], **options: Any
    ) -> None:
        self._is_free, self._rate, self._whose = free, rate, whose
        super().__init__(whose, application_limits=[rate], key_prefix=PREFIX, **options)

    def init_app(self, app: Flask) -> None:
        """As Flask-Limiter's; what counts from now on is what counts while Redis answers."""
        super().init_app(app)
        self._usual = self.limiter

    def _check_request_limit(self, callable_name: str | None = None, in_middleware: bool = True) -> None:  # noqa: FBT001, FBT002
        if not self._is_free() and not self._within():
            super()._check_request_limit(callable_name, in_middleware)

    def _within(self) -> bool:
        """Whether the request is counted and within its limit.

        Where it is not, for whatever reason, Flask-Limiter looks again: who is over a limit is not counted, and what it
        knows of limits, refusals and a Redis that is away is a fifth of the CPU of a short request.
        """
        limits = parse_many(self._rate())
        if not self.enabled or self.limiter is not self._usual or len(limits) != 1:
            return False
        try:
            return self._usual.hit(limits[0], PREFIX, self._whose(), EVERYWHERE)
        except RedisError:
            return False
