"""Searches that ask the index of words for the rare parts of a word alone find what reading every text finds."""

import random
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from console.alerts import actions
from console.alerts.models import AlertDetail
from console.alerts.queries import AlertFilter, Reading, gather, hints
from console.alerts.rules import search as grammar
from console.alerts.rules.search import Node, Words
from console.infra.db import db
from tests.alerts.making import alert, failure
from tests.conftest import Clock, Database

SYLLABLES = ("con", "nec", "tion", "re", "fus", "ed", "ÄÖ", "str", "aße", "17", "4711", "x", "_", "%", "ΣΑΣ", "İ", "\\")
CHANCE = random.Random(20261121)  # noqa: S311 - the same texts and searches in every run


def word() -> str:
    return "".join(CHANCE.choices(SYLLABLES, k=CHANCE.randint(1, 5)))


TEXTS = [" ".join(word() for _ in range(6)) for _ in range(300)]


def wanted_part() -> str:
    """A piece of some text in whatever case, at times with a star in it or quoted, at times of no text."""
    told = CHANCE.choice(TEXTS) if CHANCE.random() < 0.9 else word()
    began = CHANCE.randrange(max(1, len(told) - 4))
    piece = told[began : began + CHANCE.randint(2, 14)].strip()
    piece = re.sub(r"[\\()*\":]", "", piece).strip() or "x"
    piece = CHANCE.choice([piece, piece.upper(), piece.lower(), piece.title()])
    if CHANCE.random() < 0.2 and len(piece) > 3:
        at = CHANCE.randrange(1, len(piece) - 1)
        piece = f"{piece[:at]}*{piece[at + 1 :]}"
    return f'"{piece}"'


def wanted_search() -> str:
    parts = [wanted_part() for _ in range(CHANCE.choice([1, 1, 1, 2, 3]))]
    told = CHANCE.choice([" AND ", " OR "]).join(parts)
    # Stars mean something only outside quotes.
    told = re.sub(r'"([^" ]*\*[^" ]*)"', r"\1", told)
    return f"NOT ({told})" if CHANCE.random() < 0.1 else told


SEARCHES = [wanted_search() for _ in range(150)]


@pytest.fixture
def known(
    committed: Flask, database: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dict[int, str]]:
    """Many alerts, of whose texts PostgreSQL keeps statistics; their texts by id."""
    # However slow the machine is.
    monkeypatch.setattr(gather, "GATHER_MS", 60_000)
    # Another day than other tests': what a process knows of texts it keeps for a while.
    clock.set(clock.at + timedelta(days=40))
    failures = [failure(clock.at, message=told, fingerprint=f"n{number}") for number, told in enumerate(TEXTS)]
    actions.ingest(failures, at=clock.at)
    db.session.commit()
    engine = create_engine(database.owner_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("ANALYZE alert_details"))
    engine.dispose()
    yield {one.alert_id: one.text for one in db.session.query(AlertDetail)}
    hints._shares.cache_clear()


def test_what_is_found_is_what_reading_every_text_finds(known: dict[int, str], clock: Clock) -> None:
    hinted = 0
    for q in SEARCHES:
        tree = grammar.parse(q)
        assert tree is not None
        hinted += bool(list(hints_of(hints.hinted(tree, clock.at))))
        found = Reading(AlertFilter(q=q), clock.at).found
        assert found is not None
        assert {one.id for one in found} == {one.id for one in slowly(tree, clock)}, q
    # Or nothing has been compared.
    assert hinted > len(SEARCHES) / 4


def slowly(tree: Node, clock: Clock) -> list[gather.Found]:
    """The same, reading every text: no index is asked."""
    wanted = AlertFilter(rest=tree)
    for name in ("enable_indexscan", "enable_bitmapscan", "enable_indexonlyscan"):
        db.session.execute(text(f"SET LOCAL {name} = off"))
    rows = db.session.execute(gather._at_once(wanted, gather.MOST, clock.at), {"now": clock.at}).all()
    db.session.rollback()
    return [gather.Found._make(row[1:]) for row in rows if row[1] is not None]


def hints_of(tree: Node) -> Iterator[str]:
    match tree:
        case grammar.All(parts) | grammar.Any(parts):
            for part in parts:
                yield from hints_of(part)
        case Words():
            yield from tree.hints


def test_a_word_is_looked_for_by_what_few_texts_have(known: dict[int, str], clock: Clock) -> None:
    tree = grammar.parse("renderzqj")
    assert tree is not None
    # The task has "render", and every alert is of that task.
    assert list(hints_of(hints.hinted(tree, clock.at))) == ["erz", "rzq", "zqj"]
    for q in ["margins", '"KeyError"', "xy", "*", "zqj", "ren*zqj", "ÄÖÜßé"]:
        other = grammar.parse(q)
        assert other is not None
        told = list(hints_of(hints.hinted(other, clock.at)))
        assert all(len(one) == 3 and any(one in part for part in q.split("*")) for one in told)


@pytest.mark.parametrize(("q", "gathered"), [("everywhere", False), ("tags.all:yes", False), ("somewhere", True)])
def test_what_is_nearly_everywhere_is_not_gathered(
    db_session: Session, clock: Clock, monkeypatch: pytest.MonkeyPatch, q: str, *, gathered: bool
) -> None:
    monkeypatch.setattr(gather, "SAMPLE", 100)
    monkeypatch.setattr(gather, "APART", 1)
    monkeypatch.setattr(gather, "GATHER_MS", 60_000)
    for n in range(12):
        alert(clock.at, message=f"everywhere {chr(97 + n)}", tags={"all": "yes"}, fingerprint=f"n{n}")
    few = [alert(clock.at, message=f"somewhere {one}", fingerprint=one) for one in "abc"]
    gather._kept.cache_clear()
    found = Reading(AlertFilter(q=q), clock.at).found
    assert (found is None) is not gathered
    assert found is None or {one.id for one in found} == {one.id for one in few}
    gather._kept.cache_clear()
