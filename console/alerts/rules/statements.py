"""Statements and payloads in messages without their data: SQL, its parameters, arguments of calls, what was cut."""

import re

_SQL_VALUES = re.compile(r"(?is)\bVALUES\s*\(.{0,4096}?(?=\]|$)|\bIN\s*\([^()]{0,4096}\)")
_PARAMETERS = re.compile(r"(?s)\[(parameters|SQL parameters|params): .{0,8192}?\](?=\n|$)")
_ROW = re.compile(r"(?s)(Failing row contains) \(.{0,4096}?\)(?=\.?(?:\n|$))")
# PostgreSQL quotes a window of the statement: where it begins and ends is chance.
_LINE = re.compile(r"(?m)^(LINE|ZEILE|LIGNE|L\u00cdNEA) \d+: .*(?:\n|\Z)(?:[ ]*\^[ ]*(?:\n|\Z))?")
_ARGS = re.compile(r"\bargs[:=][ ]?[\[(].{0,2000}?[\])],?[ ](kwargs[:=][ ]?)\{.{0,2000}?\}(?=[\s;,]|\Z)", re.DOTALL)
# gRPC's own trace of a call, whose fields come in any order.
_DEBUG = re.compile(r'(debug_error_string ?= ?)".*"')
_DOTS = re.compile(r"(?:\u2026|\.\.\.)(?:\s?\(?truncated\)?)?\s*\Z")
_PART = re.compile(r"(?<!\S)(?=\S{0,400}[^\w\s])\S{1,400}\Z")
_OPENING = {"}": "{", "]": "[", ")": "("}
_LONG = 100


def without_statements(text: str) -> str:
    """`text` with the values of SQL statements and of logged arguments replaced by `*`."""
    if "SELECT" in text or "VALUES" in text:
        text = _SQL_VALUES.sub("VALUES *", text)
    if "[p" in text or "[SQL" in text:
        text = _PARAMETERS.sub(r"[\1: *]", text)
    if "Failing row" in text:
        text = _ROW.sub(r"\1 (*)", text)
    if "LINE " in text or "ZEILE " in text or "LIGNE " in text:
        text = _LINE.sub("", text)
    if "debug_error_string" in text:
        text = _DEBUG.sub(r"\1*", text)
    if "kwargs" in text:
        text = _ARGS.sub(r"args:* \1*", text)
    return text


def without_cut(text: str) -> str:
    """`text` without what a cut left of a payload or of a value: how much is left is chance."""
    found = _DOTS.search(text)
    if not found:
        return text
    body = text[: found.start()]
    opened = _open_bracket(body)
    if opened >= 0:
        return f"{body[:opened]}*"
    return _PART.sub("*", body) if found[0].startswith("\u2026") or len(body) > _LONG else text


def _open_bracket(text: str) -> int:
    """Where the outermost bracket stands that is never closed, or -1."""
    opened: list[int] = []
    for at, char in enumerate(text):
        if char in "{[":
            opened.append(at)
        elif char in "}]" and opened and text[opened[-1]] == _OPENING[char]:
            opened.pop()
    return opened[0] if opened else -1
