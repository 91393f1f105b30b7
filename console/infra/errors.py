"""The ways an action can refuse, without a word about HTTP pages.

`web/errors.py` turns each into a page, a fragment or an RFC 9457 problem.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with an input: a JSON pointer (RFC 6901) and a sentence."""

    pointer: str
    detail: str


class DomainError(Exception):
    """A refusal with a plain sentence for the reader; `status` is its HTTP status."""

    status: ClassVar[int] = 400
    title: ClassVar[str] = "Bad request"

    def __init__(self, detail: str, *, errors: Sequence[Fault] = (), retry_after: int | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = tuple(errors)
        self.retry_after = retry_after


class BadRequest(DomainError):
    """The input could not even be read: not JSON, cut off half-way."""


class Unauthorized(DomainError):
    """Nobody is signed in, or the token is unknown, expired or revoked."""

    status = 401
    title = "Not signed in"


class Forbidden(DomainError):
    """The reader is known and may not do this."""

    status = 403
    title = "Not allowed"


class NotFound(DomainError):
    """There is no such thing, or the reader may not know of it."""

    status = 404
    title = "Not found"


class Conflict(DomainError):
    """The thing is no longer in the state that the change needs."""

    status = 409
    title = "The state has changed"


class TooLarge(DomainError):
    """The input is over a stated limit."""

    status = 413
    title = "Too large"


class UnsupportedType(DomainError):
    """The content type is not one that this address reads."""

    status = 415
    title = "Unsupported content type"


class Invalid(DomainError):
    """The input was read and breaks a rule; `errors` says where."""

    status = 422
    title = "Invalid input"


class TooMany(DomainError):
    """A limit was hit; `retry_after` is in seconds."""

    status = 429
    title = "Too many requests"


class Unavailable(DomainError):
    """It cannot be stored now; nothing was half-done; `retry_after` is in seconds."""

    status = 503
    title = "Not available now"
