"""The grammar, one method a rule: recursive descent from OR down to a single term."""

import re

from console.alerts.rules.search.nodes import (
    MAX_DEPTH,
    MAX_LENGTH,
    MAX_TERMS,
    TAG,
    All,
    Any,
    Match,
    Node,
    Not,
    SearchError,
    Words,
)
from console.alerts.rules.search.tokens import Token, known, tokens

_OPERATOR = re.compile(r"(<=|>=|<|>)?(.*)", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


def parse(text: str) -> Node | None:
    """The tree of a query, None when it is blank; raises SearchError with the position of the fault."""
    if len(text) > MAX_LENGTH:
        raise SearchError(f"A search may have {MAX_LENGTH:,} characters.", MAX_LENGTH)
    if "\0" in text:
        raise SearchError("NUL cannot be searched for.", text.index("\0"))
    found = list(tokens(text))
    if not found:
        return None
    reader = _Reader(found, len(text))
    node = reader.either(0)
    if (rest := reader.peek()) is not None:
        raise SearchError("This parenthesis was never opened.", rest.at)
    return node


class _Reader:
    """Recursive descent, one method a rule of the grammar."""

    def __init__(self, found: list[Token], end: int) -> None:
        self.tokens = found
        self.end = end
        self.index = 0
        self.terms = 0

    def peek(self) -> Token | None:
        return self.tokens[self.index] if self.index < len(self.tokens) else None

    def take(self, *kinds: str) -> Token | None:
        token = self.peek()
        if token is None or token.kind not in kinds:
            return None
        self.index += 1
        return token

    def either(self, depth: int) -> Node:
        parts = [self.every(depth)]
        while self.take("OR"):
            parts.append(self.every(depth))
        return parts[0] if len(parts) == 1 else Any(tuple(parts))

    def every(self, depth: int) -> Node:
        parts = [self.maybe_not(depth)]
        while (token := self.peek()) is not None and token.kind not in {"OR", "close"}:
            self.take("AND")
            parts.append(self.maybe_not(depth))
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def maybe_not(self, depth: int) -> Node:
        if (token := self.take("NOT", "minus")) is None:
            return self.atom(depth)
        if depth >= MAX_DEPTH:
            raise SearchError("This is nested too deeply.", token.at)
        return Not(self.maybe_not(depth + 1))

    def atom(self, depth: int) -> Node:
        token = self.peek()
        if token is None:
            raise SearchError("Something is missing here.", self.end)
        if self.take("open"):
            return self.group(token, depth)
        if self.take("field"):
            return self.values(token)
        if self.take("word", "phrase") is None:
            raise SearchError(f"'{token.text}' cannot stand here.", token.at)
        self._count(token)
        text, quoted = _unquote(token)
        return Words(text, quoted, token.at)

    def group(self, opened: Token, depth: int) -> Node:
        if depth >= MAX_DEPTH:
            raise SearchError("This is nested too deeply.", opened.at)
        node = self.either(depth + 1)
        if self.take("close") is None:
            raise SearchError("This parenthesis is never closed.", opened.at)
        return node

    def values(self, field: Token) -> Node:
        name = field.text[:-1]
        if not known(name) or name == TAG:
            raise SearchError(f"There is no field '{name}'. Quote the text to search for it as it is.", field.at)
        if (following := self.peek()) is None or following.at != field.at + len(field.text):
            raise SearchError(f"{name}: needs a value.", field.at)
        opened = self.take("open")
        parts: list[Node] = [self.value(name, field)]
        if opened is None:
            return parts[0]
        while self.take("OR"):
            parts.append(self.value(name, field))
        if self.take("close") is None:
            raise SearchError("Values in parentheses are joined by OR and closed by ')'.", opened.at)
        return Any(tuple(parts))

    def value(self, name: str, field: Token) -> Match:
        token = self.take("word", "phrase", "field", "minus")
        if token is None:
            raise SearchError(f"{name}: needs a value.", field.at)
        self._count(token)
        if token.kind in {"field", "minus"}:
            # A value may itself begin with a minus or hold a colon: last_seen:<2026-11-21T12:00, fingerprint:a:b.
            return self._joined(name, token)
        if token.kind == "phrase":
            return Match(name, "=", _unquote(token)[0], quoted=True, at=token.at)
        operator, text = _operator(token.text)
        following = self.peek()
        if operator != "=" and not text and following and following.kind == "phrase" and self.take("phrase"):
            return Match(name, operator, _unquote(following)[0], quoted=True, at=token.at)
        if not text:
            raise SearchError(f"{name}:{token.text} needs a value.", token.at)
        return Match(name, operator, text, quoted=False, at=token.at)

    def _joined(self, name: str, token: Token) -> Match:
        text, end = token.text, token.at + len(token.text)
        while (more := self.peek()) is not None and more.at == end and more.kind in {"word", "field", "minus"}:
            self.index += 1
            text, end = text + more.text, end + len(more.text)
        operator, value = _operator(text)
        return Match(name, operator, value, quoted=False, at=token.at)

    def _count(self, token: Token) -> None:
        self.terms += 1
        if self.terms > MAX_TERMS:
            raise SearchError(f"A search may have {MAX_TERMS} terms.", token.at)


def _operator(text: str) -> tuple[str, str]:
    found = _OPERATOR.fullmatch(text)
    assert found is not None
    return found.group(1) or "=", found.group(2)


def _unquote(token: Token) -> tuple[str, bool]:
    if token.kind != "phrase":
        return token.text, False
    return _ESCAPED.sub(r"\1", token.text[1:-1]), True
