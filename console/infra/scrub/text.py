"""Secrets in free text: messages, tracebacks with their source lines, log lines, URLs, headers, reprs.

Most text holds no secret, so a few plain substring searches decide what is looked at more closely. Every pattern is
anchored at such a find and bounded, so the time grows with the length of the text and no faster.
"""

import re

from console.infra.scrub.names import is_secret_name
from console.infra.scrub.shapes import scrub_shapes

REMOVED = "[removed]"

# A name that holds a secret contains one of these; rarer ones (`cvv`, `sid`) are looked for in values only.
_WORDS = (
    *(
        "pass",
        "pwd",
        "secret",
        "token",
        "auth",
        "cookie",
        "key",
        "dsn",
        "credential",
        "session",
        "sessid",
        "csrf",
        "xsrf",
    ),
    *("jwt", "signature", "sig=", "sig:", "otp=", "otp:", "otp'", "connection", "connstr", "conn_str", "bearer"),
)
_NAME = re.compile(r"[\w-]{1,64}")
_NAME_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")
# `=`, `:`, `=>`, `:=`, after what may close the name: a quote (escaped in nested JSON), a bracket; an annotation.
_SEPARATOR = re.compile(
    r"""[ \t]?(?:\\{0,3}["'])?[\])]{0,2}[ \t]{0,8}(?:=>|:=|==?|:(?![:/])|%3[Dd])[ \t]{0,8}"""
    r"""(?:(?:str|bytes|SecretStr|Optional\[str\]|str[ ]?\|[ ]?None)[ ]?=[ ]?)?"""
)
_PAIR = re.compile(r"""(["']),[ ]?(?=[bru]?["'])""")
_SPACE = re.compile(r"""[ \t]+(?:is[ ]|was[ ])?(?=["'])""")
_ARGUMENT = re.compile(r"[ \t]+(?=[^\s-])")
_TRIPLE = re.compile(r"""[bBrRuUfF]{0,2}(\"{3}|'{3})(?P<in>.*?)(?:\1|\Z)""", re.DOTALL)
_ESCAPED = re.compile(r"""[bru]?(?P<open>\\{1,3}["'])(?P<in>(?:(?!(?P=open)).){0,4096})""")
_QUOTED = re.compile(
    r"""[bBrRuUfF]{0,2}(?:"(?P<in>(?:[^"\\]|\\.)*)(?:"|\Z)|'(?P<single>(?:[^'\\]|\\.)*)(?:'|\Z))""", re.DOTALL
)
_SCHEME = re.compile(r"(?:Bearer|Basic|Token|Digest|Negotiate|ApiKey|AWS4-HMAC-SHA256)[ ]+", re.IGNORECASE)
_REST_OF_LINE = re.compile(r"""[^\r\n"'\\]+""")
_BARE = re.compile(r"""[^\s,;&"'<>)\]}|]+""")
_CALL = re.compile(
    r"[A-Za-z_]\w*(?:\.\w+)*[(\[]|(?:self|cls|settings|config|os|request|env|app|current_app)\.\w+|await\b"
)
# What stands where a value may stand and is none.
_NOT_SECRET = frozenset(
    word
    for line in (
        "none null true false yes no str int bytes float bool dict list any object string optional lambda",
        "len abs repr id expected unexpected invalid missing required expired not is the must cannot and",
        "or if for in *** **** ****** undefined nil self itemgetter attrgetter operator {} [] () <class",
    )
    for word in line.split()
)
_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie", "set-cookie", "cookie2", "set-cookie2"})
_CLOSING = {"(": ")", "[": "]", "{": "}"}
_CONTAINER = 4096
_LONGEST_NAME = 96

# A single word that is shorter is no secret that could be told: it names nothing, and known shapes are longer.
_WORD = 16

Span = tuple[int, int]


def scrub_text(text: str) -> str:
    """`text` with each secret replaced by `REMOVED`; unchanged (the same object) when there is none. Idempotent."""
    if len(text) < _WORD and (text.isalnum() or text.isidentifier()):
        return text
    low = text.lower()
    if len(low) != len(text):  # some capitals grow when lowered, which would shift every find
        low = "".join(c.lower() if c.isascii() else c for c in text)
    telling = _telling(low)
    spans: list[Span] = []
    for word in _WORDS:
        if word in telling:
            _fields(text, low, word, spans)
    return scrub_shapes(_cut(text, spans) if spans else text, telling)


# Shorter texts are searched as a whole.
_SHORT = 600


def _telling(low: str) -> str:
    """The lines that may hold a secret: most of a traceback are files and carets, which need no search."""
    if len(low) < _SHORT or '\n  file "' not in low:
        return low
    return "\n".join(
        line
        for line in low.split("\n")
        if not (
            (line.startswith('  file "') and ":" not in line and "=" not in line and "'" not in line)
            or (line.endswith("^") and not line.strip(" ^~"))
        )
    )


def _cut(text: str, spans: list[Span]) -> str:
    parts: list[str] = []
    at = 0
    for start, end in sorted(spans):
        if start >= at:
            parts += (text[at:start], REMOVED)
        at = max(at, end)
    return "".join((*parts, text[at:]))


def _fields(text: str, low: str, word: str, spans: list[Span]) -> None:
    """Adds the values of all fields whose name contains `word`."""
    at = low.find(word)
    while at >= 0:
        end = _field(text, at, spans)
        at = low.find(word, max(end, at + len(word)))


def _field(text: str, at: int, spans: list[Span]) -> int:
    """Looks at the name around `at`; the index up to which text has been dealt with."""
    start = at
    while start > 0 and at - start < _LONGEST_NAME and text[start - 1] in _NAME_CHARACTERS:
        start -= 1
    found = _NAME.match(text, at)
    end = found.end() if found else at + 1
    name = text[start:end]
    value = _value_at(text, name, start, end)
    if value is None or not is_secret_name(name):
        return end
    span = _value(text, value, name)
    if span is None:
        return end
    spans.append(span)
    return span[1]


def _value_at(text: str, name: str, start: int, end: int) -> int | None:
    """Where the value of the name text[start:end] begins, if anything says that it has one."""
    if found := _SEPARATOR.match(text, end):
        return found.end()
    opening = text[start - 2 : start] if start > 1 else ""
    if (found := _PAIR.match(text, end)) and (opening[:1] in {"(", "["} or text[start - 3 : start - 1] in {"(b", "[b"}):
        return found.end()
    if name.startswith("--") and (found := _ARGUMENT.match(text, end)):
        return found.end()
    if "pass" in name.lower() and (found := _SPACE.match(text, end)):
        return found.end()
    return None


def _value(text: str, at: int, name: str) -> Span | None:
    """What is to be removed of the value at `at`, or None when it is no secret."""
    first = text[at : at + 1]
    if not first or first in "\r\n" or text.startswith(REMOVED, at):
        return None
    for pattern in (_TRIPLE, _ESCAPED, _QUOTED):
        if found := pattern.match(text, at):
            group = "single" if pattern is _QUOTED and found["in"] is None else "in"
            return _unless_plain(text, found.span(group))
    if first in _CLOSING:
        return _bracketed(text, at)
    if name.lower().strip("-") in _HEADERS and (rest := _REST_OF_LINE.match(text, at)):
        return _unless_plain(text, rest.span())
    scheme = _SCHEME.match(text, at)
    bare = _BARE.match(text, scheme.end() if scheme else at)
    if bare is None or (not scheme and _is_code(text, at, bare[0], name)):
        return None
    return _unless_plain(text, (at, bare.end()))


def _is_code(text: str, at: int, value: str, name: str) -> bool:
    """Whether the unquoted value is an expression of a source line: a call, an attribute, a variable so named."""
    if _CALL.match(text, at):
        return True
    plain = value.rstrip(":.").lower()
    return plain == name.lower() or ("_" in plain and plain.isidentifier() and is_secret_name(plain))


def _unless_plain(text: str, span: Span) -> Span | None:
    value = text[span[0] : span[1]].strip()
    if not value or value.startswith(REMOVED) or value.lower().rstrip(".:") in _NOT_SECRET:
        return None
    return span


def _bracketed(text: str, at: int) -> Span | None:
    """The inside of the bracket at `at`, up to its partner or the end of the line."""
    opening, closing = text[at], _CLOSING[text[at]]
    depth = 0
    limit = min(len(text), at + _CONTAINER)
    for index in range(at, limit):
        depth += (text[index] == opening) - (text[index] == closing)
        if depth == 0:
            return _unless_plain(text, (at + 1, index))
    end = text.find("\n", at)
    return _unless_plain(text, (at + 1, end if end >= 0 else len(text)))
