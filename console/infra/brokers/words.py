"""What went wrong with a broker, in sentences that show neither credentials nor what the other side sent."""

import ssl
from itertools import chain
from typing import Final

import redis

from console.infra.brokers.connection import Refused

REFUSED: Final = "Redis answers, but refuses this user or password."
WEB: Final = "A web server answers there, not Redis."
KINDS: Final = (
    (redis.AuthenticationError, REFUSED),
    (redis.exceptions.NoPermissionError, "Redis answers, but this user may not read what is asked."),
    (redis.BusyLoadingError, "Redis is still loading its data."),
    (redis.TimeoutError, "No answer in time."),
    (TimeoutError, "No answer in time."),
)
CAUSES: Final = (
    (ssl.SSLError, "It does not speak TLS as it should."),
    (ConnectionRefusedError, "It refuses the connection: nothing listens there."),
)
# What is found in the text of an error, in this order; the text itself is never repeated.
SIGNS: Final = (
    ("HTTP/", WEB),
    ("<!DOCTYPE", WEB),
    ("<html", WEB),
    # hiredis, where it is installed, tells only the first character of such an answer.
    ('got "H" as reply type', WEB),
    ('got "<" as reply type', WEB),
    ("NOAUTH", REFUSED),
    ("WRONGPASS", REFUSED),
    ("without any password configured", REFUSED),
    ("DB index is out of range", "Redis answers, but has no database of this number."),
    ("invalid DB index", "Redis answers, but has no database of this number."),
    ("Connection reset", "It ended the connection without an answer: this may be something else than Redis."),
    ("Connection closed", "It ended the connection without an answer: this may be something else than Redis."),
)


def told(error: Exception) -> str:
    """The sentence for an error of redis-py, or of a deadline that cut the talk off."""
    if isinstance(error, Refused):
        return str(error)
    cause = error.__context__
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"Its certificate is not valid: {cause.verify_message}."
    by_kind = (sentence for kind, sentence in KINDS if isinstance(error, kind))
    by_cause = (sentence for kind, sentence in CAUSES if isinstance(cause, kind))
    by_text = (sentence for sign, sentence in SIGNS if sign in str(error))
    return next(chain(by_kind, by_cause, by_text), None) or _other(error)


def _other(error: Exception) -> str:
    if isinstance(error, redis.InvalidResponse):
        return "Something else than Redis answers there."
    if isinstance(error, redis.ResponseError):
        return "Redis refused what it was asked."
    return "No connection."
