"""Which three letters of a word few texts have, so that the index of words is asked for these alone.

The index holds every three letters of every text, and an alert that has the word has all of its own. Those that nearly
every text has ("ion", "err") tell nothing and cost the most: of a million alerts, a megabyte each to go through.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from functools import lru_cache

from sqlalchemy import text

from console.alerts.rules import search as grammar
from console.alerts.rules.search import Node, Words
from console.infra.db import db

# Seconds for which a process keeps what it knows; the statistics themselves change more slowly.
KEPT = 600
# The share of texts up to which three letters count as rare, and how many of a word are asked for.
RARE, MOST = 0.05, 8
# Fewer texts than this say nothing of a share.
ENOUGH = 50
LETTERS = 3
# Within these, a part of what ILIKE finds is found by ILIKE too, in every locale.
_RUN = re.compile(r"[A-Za-z0-9]{3,}")
# What ANALYZE keeps of the texts: those that are frequent with their shares, and a sample of all others.
_KNOWN = text("""
    SELECT coalesce(most_common_vals::text::text[], '{}') AS frequent, coalesce(most_common_freqs, '{}') AS shares,
        coalesce(histogram_bounds::text::text[], '{}') AS others
    FROM pg_stats WHERE schemaname = current_schema() AND tablename = 'alert_details' AND attname = 'text'
""")


def hinted(tree: Node, now: datetime) -> Node:
    """The same search, its words with what is rare in them."""
    shares = _shares(int(now.timestamp()) // KEPT)
    return _hinted(tree, shares) if shares else tree


def _hinted(tree: Node, shares: Mapping[str, float]) -> Node:
    match tree:
        case grammar.All(parts) | grammar.Any(parts):
            return type(tree)(tuple(_hinted(part, shares) for part in parts))
        case Words():
            return replace(tree, hints=_rare(tree, shares))
    return tree


def _rare(words: Words, shares: Mapping[str, float]) -> tuple[str, ...]:
    """Parts of a word that few texts have; none where the word has no other part, since nothing is gained then."""
    parts = words.text if words.quoted else words.text.replace("*", " ")
    threes = {three.lower(): three for run in _RUN.findall(parts) for three in _threes(run)}
    rare = [three for low, three in threes.items() if shares.get(low, 0) <= RARE]
    return tuple(rare[:MOST]) if len(rare) < len(threes) else ()


def _threes(run: str) -> Iterator[str]:
    return (run[at : at + LETTERS] for at in range(len(run) - LETTERS + 1))


@lru_cache(1)
def _shares(stretch: int) -> Mapping[str, float]:  # noqa: ARG001 - another stretch of time, another look
    """The share of texts that have three letters, as far as it is above nothing; empty while too little is known."""
    row = db.session.execute(_KNOWN).one_or_none()
    if row is None or len(row.others) < ENOUGH:
        return {}
    each = max(0.0, 1 - sum(row.shares)) / len(row.others)
    found = Counter[str]()
    for told, share in [*zip(row.frequent, row.shares, strict=True), *((told, each) for told in row.others)]:
        for three in set(_threes(told.lower())):
            found[three] += share
    return found
