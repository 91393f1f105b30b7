"""Exceptions whose repr, text and arguments tell three different things."""

from collections.abc import Callable
from typing import Final


class CardRefused(Exception):
    """With a text of its own, which is not its arguments."""

    def __str__(self) -> str:
        return f"card of {self.args[0]} refused with code {self.args[1]}"

    class Limit(ValueError):
        """One within another."""


class WithOwnRepr(Exception):
    def __repr__(self) -> str:
        return "<no call at all>"


class Unpicklable(LookupError):
    """What `pickle` cannot make again: it wants other arguments than it keeps."""

    def __init__(self, sku: str, *, shelf: int) -> None:
        super().__init__(f"{sku} is not on shelf {shelf}")


def local_error() -> Exception:
    class Local(Exception):
        pass

    return Local("made in a function", 2)


ODD: Final[dict[str, Callable[[], Exception]]] = {
    "own text": lambda: CardRefused("shop", 51),
    "nested": lambda: CardRefused.Limit("over the limit", 100),
    "own repr": lambda: WithOwnRepr("told", "twice"),
    "unpicklable": lambda: Unpicklable("chair", shelf=4),
    "local": local_error,
    "group": lambda: ExceptionGroup("two of them", [ValueError("one"), KeyError("two")]),
    "no arguments": CardRefused.Limit,
    "two arguments": lambda: OSError(28, "No space left on device"),
    "of many lines": lambda: RuntimeError("first line\n\nsecond: line\n  third"),
    "no text at all": lambda: RuntimeError(object),
}
# What people are told of each: its type and its text.
TOLD: Final = {
    "own text": ("odd.CardRefused", "card of shop refused with code 51"),
    "nested": ("odd.CardRefused.Limit", "('over the limit', 100)"),
    "own repr": ("odd.WithOwnRepr", "('told', 'twice')"),
    # Celery puts the nearest class that can be pickled in its place.
    "unpicklable": ("LookupError", "chair is not on shelf 4"),
    "local": ("Local", "'made in a function', 2"),
    "group": ("ExceptionGroup", "two of them (2 sub-exceptions)"),
    "no arguments": ("odd.CardRefused.Limit", ""),
    "two arguments": ("OSError", "[Errno 28] No space left on device"),
    "of many lines": ("RuntimeError", "first line\n\nsecond: line\n  third"),
    "no text at all": ("RuntimeError", "<class 'object'>"),
}
