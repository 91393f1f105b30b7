"""The search language: what it reads, and where it says that it cannot."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.alerts.rules.search import All, Any, Match, Node, Not, SearchError, Words, like, parse


def told(node: Node | None) -> str:
    """A tree in one line."""
    match node:
        case None:
            return ""
        case Words(text, quoted):
            return f'"{text}"' if quoted else text
        case Match(field, operator, value, quoted):
            return f"{field}{operator}{value!r}" if quoted else f"{field}{operator}{value}"
        case All(parts):
            return f"({' & '.join(map(told, parts))})"
        case Any(parts):
            return f"({' | '.join(map(told, parts))})"
        case Not(part):
            return f"!{told(part)}"


@pytest.mark.parametrize(
    ("query", "tree"),
    [
        ("", ""),
        ("   ", ""),
        ("margins", "margins"),
        ("render margins", "(render & margins)"),
        ('"render pdf" margins', '("render pdf" & margins)'),
        ('"a \\" b"', '"a " b"'),
        ("a OR b c", "(a | (b & c))"),
        ("(a OR b) c", "((a | b) & c)"),
        ("a AND NOT b", "(a & !b)"),
        ("-status:open --a", "(!status=open & !!a)"),
        ("status:(open OR snoozed)", "(status=open | status=snoozed)"),
        ('service:"my web"', "service='my web'"),
        ("tags.customer:acme*", "tags.customer=acme*"),
        ("count:>10 last_seen:<1h", "(count>10 & last_seen<1h)"),
        ("last_seen:>=2026-11-21T12:00:00Z", "last_seen>=2026-11-21T12:00:00Z"),
        ('first_seen:<"2026-11-21 12:00"', "first_seen<'2026-11-21 12:00'"),
        ("fingerprint:a:b-c", "fingerprint=a:b-c"),
        ("KeyError: 'margins'", "(KeyError: & 'margins')"),
        ("or and not", "(or & and & not)"),
        ("well-known", "well-known"),
        ("-", "-"),
    ],
)
def test_it_reads(query: str, tree: str) -> None:
    assert told(parse(query)) == tree


@pytest.mark.parametrize(
    ("query", "position"),
    [
        ("(a", 0),
        ("a)", 1),
        ("a (b OR (c)", 2),
        ('a "b', 2),
        ("a OR", 4),
        ("OR a", 0),
        ("a AND AND b", 6),
        ("NOT", 3),
        ("()", 1),
        ("status:", 0),
        ("a status: b", 2),
        ("status:()", 0),
        ("status:(open snoozed)", 7),
        ("count:>", 6),
        ("colour:red", 0),
        ("tags.:x", 0),
        ("a\0b", 1),
        ("(" * 40 + "a" + ")" * 40, 20),
        ("a " * 51, 100),
    ],
)
def test_it_says_where_it_cannot(query: str, position: int) -> None:
    with pytest.raises(SearchError) as error:
        parse(query)
    assert error.value.position == position


@given(st.text(alphabet='ab():"-*\\ <>=ORANDT.\n', max_size=60))
def test_it_reads_or_refuses_anything(query: str) -> None:
    at = 0
    try:
        parse(query)
    except SearchError as error:
        at = error.position
    assert 0 <= at <= len(query)


@pytest.mark.parametrize(
    ("text", "quoted", "pattern"), [("a*b", False, "a%b"), ("a*b", True, "a*b"), ("100%_\\", False, "100\\%\\_\\\\")]
)
def test_a_star_stands_for_anything_unless_quoted(text: str, *, quoted: bool, pattern: str) -> None:
    assert like(text, quoted=quoted) == pattern
