"""Secrets in JSON values: arguments, tags, headers, contexts."""

from collections.abc import Mapping
from typing import Any

from console.infra.scrub.names import is_secret_name
from console.infra.scrub.text import REMOVED, scrub_text

# Deeper than any honest value; what lies below is not looked at, so it is not kept either.
MAX_DEPTH = 40
_NAMES = ("name", "key", "header", "Name", "Key")
_PAIR = 2


def scrub_value(value: Any, key: str | None = None, depth: int = 0) -> Any:
    """`value` with each secret replaced, in new containers; `key` is the name it was found under.

    None, booleans and empty values say nothing and stay; texts are scrubbed as texts; what is no JSON value is kept.
    """
    if value is None or isinstance(value, bool):
        return value
    if key is not None and is_secret_name(key):
        return REMOVED if value not in ("", b"", [], {}, ()) else value
    if isinstance(value, str):
        return scrub_text(value)
    if isinstance(value, bytes | bytearray):
        return scrub_text(value.decode("utf-8", "backslashreplace"))
    if isinstance(value, Mapping | list | tuple | set | frozenset):
        return REMOVED if depth >= MAX_DEPTH else _container(value, depth + 1)
    return value


def _container(value: Any, depth: int) -> Any:
    if isinstance(value, Mapping):
        return _mapping(value, depth)
    items = list(value)
    # Headers and parameters also travel as pairs: ["Authorization", "Bearer …"].
    if len(items) == _PAIR and isinstance(items[0], str | bytes):
        name = items[0] if isinstance(items[0], str) else items[0].decode("utf-8", "replace")
        if is_secret_name(name):
            return _like(value, [items[0], scrub_value(items[1], name, depth)])
    return _like(value, [scrub_value(item, None, depth) for item in items])


def _like(value: Any, items: list[Any]) -> Any:
    return tuple(items) if isinstance(value, tuple) else items


def _mapping(value: Mapping[Any, Any], depth: int) -> dict[Any, Any]:
    name = _named(value)
    return {
        scrub_text(key) if isinstance(key, str) else key: (
            scrub_value(item, None, depth)
            if name is not None and key in _NAMES
            else scrub_value(item, name if name is not None and str(key).lower() == "value" else _text(key), depth)
        )
        for key, item in value.items()
    }


def _text(key: Any) -> str | None:
    if isinstance(key, bytes):
        return key.decode("utf-8", "replace")
    return key if isinstance(key, str) else None


def _named(value: Mapping[Any, Any]) -> str | None:
    """The name in `{"name": "password", "value": …}`, where `key` is a name, not a secret."""
    if "value" not in value and "Value" not in value:
        return None
    return next((value[n] for n in _NAMES if isinstance(value.get(n), str)), None)
