"""The language of `q`: words, "phrases", field:value, field:(a OR b), -not, AND/OR/NOT, parentheses, `*`.

`parse` makes a small tree that `queries/search.py` turns into SQL. Two terms side by side mean AND; AND binds closer
than OR. `*` stands for any text within a word or value.
"""

from console.alerts.rules.search.nodes import (
    FIELDS,
    FLAGS,
    MAX_LENGTH,
    NUMBERS,
    TAG,
    TEXTS,
    TIMES,
    WORDS,
    All,
    Any,
    Match,
    Node,
    Not,
    SearchError,
    Words,
    like,
)
from console.alerts.rules.search.reader import parse

__all__ = [
    "FIELDS",
    "FLAGS",
    "MAX_LENGTH",
    "NUMBERS",
    "TAG",
    "TEXTS",
    "TIMES",
    "WORDS",
    "All",
    "Any",
    "Match",
    "Node",
    "Not",
    "SearchError",
    "Words",
    "like",
    "parse",
]
