"""Pairs of messages without a traceback, kind by kind: what varies, and what tells causes apart (`corpus/kinds*.txt`).

`python -m tests.alerts.rules.kinds` prints how many pairs the rules get right, and every pair they do not.
"""

import sys
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

from console.alerts.rules.fingerprint import fingerprint

CORPORA = sorted((Path(__file__).parent / "corpus").glob("kinds*.txt"))
BETWEEN = " » "


class Pair(NamedTuple):
    """Two failures as they are sent; `same`: whether a person calls them one cause, and `why`."""

    kind: str
    why: str
    same: bool
    one: str
    other: str

    @property
    def together(self) -> bool:
        """Whether the rules put them together."""
        return identity(self.one) == identity(self.other)


def identity(line: str) -> str:
    """The fingerprint of a line of the corpus."""
    kind, between, message = line.partition(BETWEEN)
    if not between or " " in kind:
        kind, message = "", line
    for written, meant in (("\\n", "\n"), ("\\t", "\t"), ("\\r", "\r"), ("\\e", "\x1b"), ("\\\\", "\\")):
        message = message.replace(written, meant)
    return fingerprint(task="ops.notice", exception_type=kind or None, message=message).value


def pairs(text: str) -> Iterator[Pair]:
    """Every pair of every paragraph."""
    kind = ""
    uncommented = "\n".join(line for line in text.split("\n") if not line.startswith("# "))
    for paragraph in uncommented.strip("\n").split("\n\n"):
        first, *lines = paragraph.strip("\n").split("\n")
        if first.startswith("## "):
            kind = first.removeprefix("## ")
            continue
        label, _, why = first.partition(" ")
        assert label in {"same", "apart"}, first
        assert len(set(lines)) == len(lines) > 1, first
        yield from (Pair(kind, why, label == "same", one, other) for one, other in combinations(lines, 2))


def wrong(found: list[Pair]) -> list[Pair]:
    """The pairs that the rules judge otherwise."""
    return [pair for pair in found if pair.same != pair.together]


def measures(found: list[Pair]) -> tuple[float, float]:
    """Precision and recall over the labelled pairs."""
    together = [pair for pair in found if pair.together]
    both = sum(pair.same for pair in together)
    return both / len(together), both / sum(pair.same for pair in found)


def main() -> None:
    """Prints the figures of every corpus, and all that is wrong."""
    for path in CORPORA:
        found = list(pairs(path.read_text(encoding="utf-8")))
        precision, recall = measures(found)
        same = sum(pair.same for pair in found)
        sys.stdout.write(f"{path.stem}: {len(found)} pairs, {same} the same, {precision:.4f}, {recall:.4f}\n")
        for pair in wrong(found):
            sys.stdout.write(
                f"  {'split' if pair.same else 'TOGETHER'}: {pair.why}\n    {pair.one}\n    {pair.other}\n"
            )


if __name__ == "__main__":
    main()
