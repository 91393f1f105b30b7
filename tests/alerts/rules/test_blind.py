"""The rules held against failures that were written without sight of them (`corpus/blind_*.txt`)."""

from tests.alerts.rules.blind import CORPUS, UNSEEN, Failure, disagreements, failures, report, score

PRECISION, RECALL = 0.995, 0.97
CAUSES, FAILURES = 140, 340


def everything() -> list[Failure]:
    return [failure for path in sorted(CORPUS.glob("blind_*.txt")) for failure in failures(path)]


def test_failures_written_blind_meet_by_cause() -> None:
    corpus = everything()
    found = score(corpus)
    wrong = "\n".join((report("blind", corpus), *disagreements(corpus)))
    assert (len({f.cause for f in corpus}) >= CAUSES, len(corpus) >= FAILURES) == (True, True)
    assert (found.precision >= PRECISION, found.recall >= RECALL) == (True, True), wrong


def test_failures_never_seen_are_never_put_together_and_those_with_tracebacks_are_found() -> None:
    corpus = list(failures(UNSEEN))
    found = score([failure for failure in corpus if failure.traceback])
    assert (score(corpus).precision >= PRECISION, found.recall >= RECALL) == (True, True), report("unseen", corpus)


def test_the_score_counts_pairs() -> None:
    one, other = Failure("full disk", message="disk full"), Failure("no rows", message="no rows")
    split = Failure("full disk", message="cannot write")
    found = score([one, one, split, other])
    assert (found.together, found.same, found.both) == (1, 3, 1)
    assert (found.precision, round(found.recall, 2)) == (1.0, 0.33)
