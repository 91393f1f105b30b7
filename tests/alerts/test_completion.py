"""What the search is completed by: fields, then values of what there is."""

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from console.alerts.queries import completion
from console.alerts.rules import search
from console.alerts.rules.search import typing
from tests.alerts.making import alert, noise
from tests.conftest import Cast, Clock, SignIn


@pytest.mark.parametrize(
    ("text", "field", "part", "begin"),
    [
        ("", "", "", 0),
        ("ser", "", "ser", 0),
        ("margins ser", "", "ser", 8),
        ("service:", "service", "", 8),
        ("service:doc", "service", "doc", 8),
        ("-service:doc", "service", "doc", 9),
        ("(status:op", "status", "op", 8),
        ("tags.customer:ac", "tags.customer", "ac", 14),
        ("tags.cu", "", "tags.cu", 0),
        ("last_seen:<", "last_seen", "<", 10),
    ],
)
def test_it_sees_what_is_being_typed(text: str, field: str, part: str, begin: int) -> None:
    assert typing.typed(text, len(text)) == typing.Typed(field, part, begin)


@pytest.mark.parametrize("text", ['"in a phra', '"', "a:b:c"])
def test_it_offers_nothing_where_nothing_follows(text: str) -> None:
    assert typing.typed(text, len(text)) is None


@given(st.text(max_size=40), st.integers(0, 40))
def test_it_takes_anything(text: str, caret: int) -> None:
    found = typing.typed(text, min(caret, len(text)))
    assert found is None or 0 <= found.begin <= caret


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=20))
def test_a_value_is_quoted_so_that_the_search_takes_it_as_it_is(value: str) -> None:
    tree = search.parse(f"service:{typing.quoted(value)}")
    assert isinstance(tree, search.Match)
    assert (tree.operator, tree.value) == ("=", value)


def test_what_begins_so_comes_first() -> None:
    assert typing.fields("sta") == ["status:"]
    assert typing.fields("se")[:2] == ["service:", "severity:"]
    assert typing.fields("tags") == ["tags."]
    assert typing.ranked(["is prod", "production", "test"], "prod") == ["production", "is prod"]


@pytest.fixture
def some(db_session: Session, clock: Clock) -> None:
    noise(clock.at)
    alert(clock.at, tags={"customer": "acme & sons", "plan": 3})


@pytest.mark.parametrize(
    ("field", "part", "values"),
    [
        ("service", "", ["billing", "documents", "helpdesk"]),
        ("service", "DES", ["helpdesk"]),
        ("environment", "prod", ["production"]),
        ("assignee", "", ["none"]),
        ("task", "ocr", ["documents.tasks.ocr_page"]),
        ("exception_type", "key", ["KeyError"]),
        ("status", "res", ["resolved"]),
        ("severity", "crit", ["critical"]),
        ("tags.customer", "", ["acme & sons", "initech"]),
        ("tags.plan", "", ["3"]),
        ("silenced", "t", ["true"]),
        ("count", ">1", [">10", ">100", ">1000"]),
        ("last_seen", "<2", ["<24h"]),
        ("message", "x", []),
        ("colour", "x", []),
    ],
)
def test_values_are_those_there_are(some: None, field: str, part: str, values: list[str]) -> None:
    assert completion.completions(field, part) == values


def test_tags_go_on_to_their_keys(some: None) -> None:
    assert completion.tag_fields("tags.") == ["tags.customer:", "tags.plan:"]
    assert completion.tag_fields("tags.pl") == ["tags.plan:"]


def test_the_page_offers_what_stands_before_the_caret(
    some: None, client: FlaskClient, cast: Cast, sign_in: SignIn
) -> None:
    vi = sign_in(client, cast.vi)
    fragment = {"HX-Request": "true"}
    told = vi.get("/alerts/completions?q=tags.customer:ac margins&at=16", headers=fragment).text
    assert 'data-offer="&#34;acme &amp; sons&#34;" data-begin="14" data-end="16"' in told
    assert "<html" not in told
    assert "data-goes-on" in vi.get("/alerts/completions?q=ser", headers=fragment).text
    assert vi.get("/alerts/completions?q=(((&at=99999999").status_code == 200
    assert vi.get("/alerts/completions").status_code == 200
