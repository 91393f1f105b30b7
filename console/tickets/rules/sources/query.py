"""Whether a text is one query and nothing else, before it is put in parentheses and sent to somebody's database.

PostgreSQL's own read-only transaction is what keeps writes away; this keeps a second statement from ending it.
The lexical rules are PostgreSQL's (section 4.1 of its manual), with standard_conforming_strings on.
"""

import re
from typing import Final

LONGEST: Final = 20_000
# What no read-only transaction holds back: other connections, the server's own files, its other sessions.
OUTSIDE: Final = re.compile(
    r"dblink\w*|lo_export|lo_import|pg_file_\w+|pg_(?:terminate|cancel)_backend|pg_(?:try_)?advisory_\w*lock\w*"
    r"|pg_reload_conf|pg_rotate_logfile|pg_logical_emit_message"
)
STARTS: Final = ("select", "with", "table", "values")
TOKEN: Final = re.compile(
    r"""
    (?P<space>\s+)
  | (?P<line>--[^\n\r]*)
  | (?P<block>/\*)
  | (?P<escaped>[eE]'(?:[^'\\]|\\.|'')*')
  | (?P<string>'(?:[^']|'')*')
  | (?P<name>"(?:[^"]|"")*")
  | (?P<dollar>\$(?:[A-Za-z_\x80-\U0010ffff][\w\x80-\U0010ffff]*)?\$)
  | (?P<word>[A-Za-z_\x80-\U0010ffff][\w$\x80-\U0010ffff]*)
  | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)


class Refused(ValueError):
    """It is not one reading query; the sentence says why."""


def check(query: str) -> None:
    """Raise Refused unless it is one query that could be put in parentheses."""
    if "\0" in query or len(query) > LONGEST:
        raise Refused(f"A query has at most {LONGEST:,} characters and no NUL.")
    depth, first, at = 0, "", 0
    while at < len(query):
        found = TOKEN.match(query, at)
        assert found is not None
        kind, text = str(found.lastgroup), found.group()
        at = _past(query, kind, text, found.end())
        if kind == "word" and not first:
            first = text.casefold()
        if kind in {"word", "name"}:
            _inside(text.strip('"').casefold())
        if kind == "other":
            depth = _depth(text, depth)
    if depth:
        raise Refused("A parenthesis is not closed.")
    if first not in STARTS:
        raise Refused("The query must read: it begins with SELECT or WITH. Nothing that writes is ever sent.")


def _inside(word: str) -> None:
    if OUTSIDE.fullmatch(word):
        raise Refused(f"{word} acts outside the transaction, which only reads; leave it out.")


def _past(query: str, kind: str, text: str, end: int) -> int:
    """Where the token ends that begins like this."""
    if kind == "block":
        return _past_comment(query, end)
    if kind == "dollar":
        close = query.find(text, end)
        if close < 0:
            raise Refused(f"A text that begins with {text} is not closed.")
        return close + len(text)
    return end


def _past_comment(query: str, at: int) -> int:
    depth = 1
    for found in re.finditer(r"/\*|\*/", query[at:]):
        depth += 1 if found.group() == "/*" else -1
        if depth == 0:
            return at + found.end()
    raise Refused("A comment is not closed.")


def _depth(text: str, depth: int) -> int:
    if text in "'\"":
        raise Refused("A quotation is not closed.")
    if text == ";":
        raise Refused("One query only, without a semicolon.")
    depth += {"(": 1, ")": -1}.get(text, 0)
    if depth < 0:
        raise Refused("A parenthesis is closed that was not opened.")
    return depth
