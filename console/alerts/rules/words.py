"""Singular and plural made one, so that "1 row is missing" and "3 rows are missing" are the same message."""

import re
from functools import lru_cache

_WORD = re.compile(r"[A-Za-z]{2,}")
_IRREGULAR = {
    "are": "is",
    "were": "was",
    "have": "has",
    "do": "does",
    "these": "this",
    "those": "that",
    "they": "it",
    "their": "its",
    "them": "it",
    "children": "child",
    "people": "person",
    "indices": "index",
    "indexes": "index",
    "vertices": "vertex",
    "matrices": "matrix",
    "criteria": "criterion",
    "statuses": "status",
    "aliases": "alias",
    "buses": "bus",
    "viruses": "virus",
    "analyses": "analysis",
    "axes": "axis",
    "does": "does",
    "its": "its",
    "has": "has",
    "was": "was",
    "this": "this",
    "caches": "cache",
    "ids": "id",
    "axis": "axis",
}
# Endings of words that are no plural: address, status, analysis, alias, lens.
_SINGULAR = ("ss", "us", "is", "as", "os", "ous")
_SHORTEST = 4


def one_number(text: str) -> str:
    """`text` with its plural words in the singular."""
    return _WORD.sub(_singular, text.replace("(s)", "").replace("(es)", ""))


def _singular(found: "re.Match[str]") -> str:
    return singular(found[0])


@lru_cache(maxsize=8192)
def singular(word: str) -> str:
    """The singular of an English word; names in camel case or capitals are left alone. Idempotent."""
    if not (word.islower() or word.istitle()):
        return word
    low = word.lower()
    if low in _IRREGULAR:
        return _IRREGULAR[low] if word.islower() else _IRREGULAR[low].capitalize()
    if not low.endswith("s") or len(low) < _SHORTEST or low.endswith(_SINGULAR):
        return word
    if low.endswith("ies") and len(low) > _SHORTEST:
        return f"{word[:-3]}y"
    if low.endswith(("sses", "xes", "shes", "tches", "nches", "rches", "zzes")):
        return word[:-2]
    return word[:-1]
