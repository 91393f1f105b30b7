"""When a task's arguments are known exactly, so that it may be sent again, and why not when they are not."""

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

CUT: Final = ("...", "…")
# What the console writes where it keeps less than it was sent.
SHORTENED: Final = ("characters left out", "more left out", "the middle left out", "nested deeper than")
# What senders write in `argsrepr` instead of a secret; some of it is a literal that could be sent by mistake.
MASKS: Final = ("***", "redacted", "filtered", "hidden", "masked", "scrubbed", "removed")
TRUNCATED: Final = "only a shortened text of its arguments is known, not the arguments"
NO_LITERAL: Final = "only a text of its arguments is known that holds more than plain values"
MASKED: Final = "something in its arguments was hidden or removed as a secret"
UNKNOWN: Final = "nobody told its arguments"
NOT_JSON: Final = "one of its arguments was no plain JSON value and is known as text only"


@dataclass(frozen=True, slots=True)
class Call:
    """The arguments of a task, as JSON carries them."""

    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]


def exact_call(args: Any, kwargs: Any, *, removed: str) -> Call | str:
    """The call that a stored failure tells of, or why it cannot be known.

    Texts are Celery's reprs, anything else is JSON as a service reported it. `removed` is what stands for a secret.
    """
    if args is None and kwargs is None:
        return UNKNOWN
    found_args = exact_literal(args) if isinstance(args, str) else (() if args is None else args)
    found_kwargs = exact_literal(kwargs) if isinstance(kwargs, str) else ({} if kwargs is None else kwargs)
    for found in (found_args, found_kwargs):
        if isinstance(found, Inexact):
            return found.why
    if not isinstance(found_args, list | tuple) or not isinstance(found_kwargs, dict):
        return NO_LITERAL
    return _less([*found_args, found_kwargs], removed) or Call(tuple(found_args), found_kwargs)


def _less(values: list[Any], removed: str) -> str | None:
    """Why these are not all that was there, if they are not."""
    if _holds(values, (removed,)):
        return MASKED
    if _holds(values, SHORTENED):
        return TRUNCATED
    return NOT_JSON if _holds_repr(values) else None


@dataclass(frozen=True, slots=True)
class Inexact:
    """A text that is not the value."""

    why: str


def exact_literal(text: str) -> Any:
    """The value of a repr that holds nothing but JSON's kinds of values, complete; Inexact where it may be less."""
    low = text.lower()
    if any(cut in text for cut in CUT):
        return Inexact(TRUNCATED)
    if any(mask in low for mask in MASKS):
        return Inexact(MASKED)
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return Inexact(NO_LITERAL)
    inner = list(value) if isinstance(value, tuple) else value
    # A text that Python would print otherwise was written by somebody else than Celery.
    return value if repr(value) == text and _plain(inner) else Inexact(NO_LITERAL)


def _plain(value: Any) -> bool:
    """Whether JSON brings it back as it was: no tuple within, no set, no bytes, only texts as keys."""
    if value is None or isinstance(value, bool | int | float | str):
        return True
    if isinstance(value, list):
        return all(map(_plain, value))
    return isinstance(value, dict) and all(isinstance(k, str) and _plain(v) for k, v in value.items())


def _holds(value: Any, marks: tuple[str, ...]) -> bool:
    if isinstance(value, str):
        return any(mark in value for mark in marks)
    if isinstance(value, Mapping):
        return any(_holds(key, marks) or _holds(item, marks) for key, item in value.items())
    return isinstance(value, Sequence) and any(_holds(item, marks) for item in value)


def _holds_repr(value: Any) -> bool:
    """Whether a reporter that writes `repr` for what JSON cannot hold did so: `<object …>`, `datetime(…)`."""
    if isinstance(value, str):
        return (value.startswith("<") and value.endswith(">")) or _like_call(value)
    if isinstance(value, Mapping):
        return any(map(_holds_repr, value.values()))
    return isinstance(value, Sequence) and any(map(_holds_repr, value))


def _like_call(text: str) -> bool:
    head, bracket, _ = text.partition("(")
    return bool(bracket) and text.endswith(")") and all(part.isidentifier() for part in head.split("."))
