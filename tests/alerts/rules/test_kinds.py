"""The rules held against pairs of messages, kind by kind (`corpus/kinds*.txt`)."""

from pathlib import Path

import pytest

from tests.alerts.rules.kinds import CORPORA, measures, pairs, wrong

PRECISION, RECALL = 0.995, 0.96
PAIRS, KINDS, PRODUCTS = 650, 40, 100


def test_the_pairs_are_many_and_of_many_products() -> None:
    found = [pair for path in CORPORA for pair in pairs(path.read_text(encoding="utf-8"))]
    products = {pair.why.partition(":")[0] for pair in found}
    assert len(found) >= PAIRS
    assert len({pair.kind for pair in found}) >= KINDS
    assert len(products) >= PRODUCTS


@pytest.mark.parametrize("path", CORPORA, ids=lambda path: path.stem)
def test_what_varies_meets_and_what_names_a_cause_stays_apart(path: Path) -> None:
    found = list(pairs(path.read_text(encoding="utf-8")))
    precision, recall = measures(found)
    assert (precision >= PRECISION, recall >= RECALL) == (True, True), wrong(found)
