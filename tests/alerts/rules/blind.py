r"""Failures written by somebody who had not seen the grouping rules, and how well the rules group them.

`python -m tests.alerts.rules.blind` prints precision, recall and every disagreement of each `corpus/blind_*.txt`.

A corpus holds causes (`=== name`). A cause is its first failure, then variants (`---`) of the same cause:

    @task, @type, @message   fields of the failure; type and message default to the traceback's last exception
    text                     the traceback; a variant with text of its own replaces it
    ~line 7                  in a variant: every line number of a frame grows by 7
    ~nocarets                the marker lines of Python 3.11 and later go
    old => new               replaced everywhere (`\n` in new is a line break; new `@@` drops the line)

Each file is kept as it was when the rules were measured on it first; labels corrected since are listed at its top.
`# one: a, b` there makes one cause of several: the same type in the same own frames is one, whatever the message.
"""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path

from console.alerts.rules.fingerprint import fingerprint

CORPUS = Path(__file__).parent / "corpus"
UNSEEN = CORPUS / "unseen_third.txt"
FRAME_LINE = re.compile(r'(?<=", line )\d+')
CARETS = re.compile(r"^[ |]*[~^]+[ ~^]*\n", re.MULTILINE)
# Causes that the rules must put together, whoever would tell them apart.
ONE = re.compile(r"^# one: (.+)$", re.MULTILINE)
RAISED = re.compile(r"^([A-Za-z_][\w.]*)(?:: (.*))?\Z", re.DOTALL)


@dataclass(frozen=True)
class Failure:
    """One failure as a sender reports it, with the `cause` a person gave it."""

    cause: str
    task: str = "ops.notice"
    exception_type: str | None = None
    message: str | None = None
    traceback: str | None = None

    def identity(self) -> str:
        """The fingerprint the rules give it, without the label."""
        found = fingerprint(
            task=self.task,
            exception_type=self.exception_type,
            message=self.message,
            traceback=self.traceback,
        )
        return found.value


@dataclass(frozen=True)
class Score:
    """Pairs of failures: put together, of one cause, and both."""

    together: int
    same: int
    both: int

    @property
    def precision(self) -> float:
        """The share of the pairs put together that are of one cause."""
        return self.both / self.together if self.together else 1.0

    @property
    def recall(self) -> float:
        """The share of the pairs of one cause that were put together."""
        return self.both / self.same


def raised(traceback: str) -> tuple[str | None, str | None]:
    """Type and message of a traceback's last exception, as a worker would send them."""
    group = re.search(r"^ *\| (\w*ExceptionGroup): (.*)$", traceback, re.MULTILINE)
    if group:
        return group[1], group[2]
    lines = traceback.rstrip("\n").split("\n")
    last = max(n for n, line in enumerate(lines) if line.startswith("  File "))
    tail = next(n for n in range(last, len(lines)) if lines[n][:1] not in (" ", ""))
    match = RAISED.match("\n".join(lines[tail:]))
    assert match, lines[tail]
    return match[1], match[2]


def substituted(text: str, rule: str) -> str:
    """`text` after one rule of a variant; a rule that changes nothing is a mistake in the corpus."""
    if rule.startswith("~line "):
        grow = int(rule.removeprefix("~line "))
        return FRAME_LINE.sub(lambda found: str(int(found[0]) + grow), text)
    if rule == "~nocarets":
        return CARETS.sub("", text)
    old, new = rule.split(" => ", 1)
    return text.replace(old + "\n", "") if new == "@@" else text.replace(old, new.replace("\\n", "\n"))


def varied(failure: Failure, block: str) -> Failure:
    """The failure a block describes: fields, rules, or a traceback, on top of `failure`."""
    lines = block.strip("\n").split("\n") if block.strip() else []
    fields = dict(line[1:].split(" ", 1) for line in lines if line.startswith("@"))
    failure = replace(failure, **{FIELD[name]: value for name, value in fields.items()})
    rest = [line for line in lines if not line.startswith("@")]
    if rest and not (rest[0].startswith("~") or " => " in rest[0]):
        return replace(failure, traceback="\n".join(rest) + "\n")
    for rule in rest:
        assert failure.traceback is not None, rule
        changed = substituted(failure.traceback, rule)
        assert changed != failure.traceback or rule[0] == "~", f"{failure.cause}: {rule}"
        failure = replace(failure, traceback=changed)
    return failure


FIELD = {"task": "task", "type": "exception_type", "message": "message"}


def failures(path: Path) -> Iterator[Failure]:
    """Every failure of a corpus, in its order."""
    head, *chunks = path.read_text(encoding="utf-8").split("\n=== ")
    one = {name: names[0] for found in ONE.findall(head) for names in [found.split(", ")] for name in names}
    for chunk in chunks:
        name, text = chunk.split("\n", 1)
        name = one.get(name, name)
        blocks = re.split(r"^---$\n?", text, flags=re.MULTILINE)
        first = varied(Failure(name), blocks[0])
        for each in (first, *(varied(first, block) for block in blocks[1:])):
            kind, message = raised(each.traceback) if each.traceback else (None, None)
            yield replace(each, exception_type=each.exception_type or kind, message=each.message or message)


def score(corpus: list[Failure]) -> Score:
    """Precision and recall over all pairs of `corpus`."""
    named = [(failure.cause, failure.identity()) for failure in corpus]
    pairs = [(a[0] == b[0], a[1] == b[1]) for a, b in combinations(named, 2)]
    return Score(
        together=sum(one for _, one in pairs),
        same=sum(same for same, _ in pairs),
        both=sum(same and one for same, one in pairs),
    )


def disagreements(corpus: list[Failure]) -> Iterator[str]:
    """Causes that the rules split, and causes that they put together."""
    groups: dict[str, set[str]] = {}
    causes: dict[str, set[str]] = {}
    for failure in corpus:
        groups.setdefault(failure.identity(), set()).add(failure.cause)
        causes.setdefault(failure.cause, set()).add(failure.identity())
    yield from (f"split into {len(found)}: {cause}" for cause, found in causes.items() if len(found) > 1)
    yield from (f"together: {', '.join(sorted(found))}" for found in groups.values() if len(found) > 1)


def report(name: str, corpus: list[Failure]) -> str:
    """A line of figures for `corpus`."""
    found = score(corpus)
    causes = len({failure.cause for failure in corpus})
    return (
        f"{name}: {len(corpus)} failures, {causes} causes, precision {found.precision:.4f}, recall {found.recall:.4f}"
    )


def main() -> None:
    """Prints the figures of every blind corpus, and what to look at."""
    total: list[Failure] = []
    for path in (*sorted(CORPUS.glob("blind_*.txt")), UNSEEN):
        corpus = list(failures(path))
        total += corpus
        lines = [report(path.stem, corpus), *(f"  {line}" for line in disagreements(corpus))]
        sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.write(report("all", total) + "\n")


if __name__ == "__main__":
    main()
