"""What senders put into JSON, made so that PostgreSQL can hold it and nothing is lost that can be told."""

from collections.abc import Mapping
from typing import Any

# Deeper or larger than this is told in words.
MAX_DEPTH = 32
MAX_ITEMS = 1_000
MAX_TEXT = 10_000
MAX_INT = 2**63 - 1


def text(value: str) -> str:
    r"""Without NUL (shown as ␀) and lone surrogates (shown as \udXXX): PostgreSQL's text can hold neither."""
    if "\0" in value:
        value = value.replace("\0", "␀")
    if value.isascii():
        return value
    try:
        value.encode()
    except UnicodeEncodeError:
        return value.encode("utf-8", "backslashreplace").decode()
    return value


def json(value: Any, depth: int = 0) -> Any:
    """A JSON value of storable texts, numbers and depth; what is not JSON is told by its repr."""
    if isinstance(value, str):
        return _long(text(value))
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        # NaN and the infinities are numbers to Python and not to JSON.
        return value if -MAX_INT <= value <= MAX_INT else str(value)
    if isinstance(value, Mapping | list | tuple):
        return _nested(value, depth)
    return _long(text(repr(value)))


def _nested(value: Mapping[Any, Any] | list[Any] | tuple[Any, ...], depth: int) -> Any:
    if depth >= MAX_DEPTH:
        return f"… nested deeper than {MAX_DEPTH} levels …"
    return _object(value, depth) if isinstance(value, Mapping) else _array(value, depth)


def _object(value: Mapping[Any, Any], depth: int) -> dict[str, Any]:
    kept = {text(str(key))[:MAX_TEXT]: json(value[key], depth + 1) for key in list(value)[:MAX_ITEMS]}
    if len(value) > MAX_ITEMS:
        kept["…"] = f"{len(value) - MAX_ITEMS:,} more left out"
    return kept


def _array(value: list[Any] | tuple[Any, ...], depth: int) -> list[Any]:
    kept = [json(item, depth + 1) for item in value[:MAX_ITEMS]]
    return [*kept, f"… {len(value) - MAX_ITEMS:,} more left out"] if len(value) > MAX_ITEMS else kept


def _long(value: str) -> str:
    if len(value) <= MAX_TEXT:
        return value
    return f"{value[:MAX_TEXT]}… {len(value) - MAX_TEXT:,} characters left out"
