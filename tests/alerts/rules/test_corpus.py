"""Grouping measured on a corpus of failures in the shapes of public issues, against the floors of the contract."""

from pathlib import Path

import pytest

from console.alerts.rules.fingerprint import fingerprint
from tests.alerts.rules.deployments import FRESH_ROOTS, ROOTS, deployments, render, score

CORPUS = Path(__file__).parent / "corpus"
PRECISION, RECALL = 0.995, 0.97
DEPLOYMENTS = 24


def paragraphs(name: str) -> list[list[str]]:
    text = "\n".join(line for line in (CORPUS / name).read_text().splitlines() if not line.startswith("#"))
    return [p.strip("\n").split("\n") for p in text.split("\n\n") if p.strip()]


def of_message(line: str) -> str:
    kind, _, message = line.partition(": ")
    message = message.replace("\\n", "\n").replace("\\t", "\t")
    return fingerprint(task="jobs.run", exception_type=kind, message=message).value


@pytest.mark.parametrize(("corpus", "size"), [("messages.txt", 120), ("fresh_messages.txt", 60)])
def test_messages_of_one_cause_meet_and_no_others(corpus: str, size: int) -> None:
    groups = paragraphs(corpus)
    wrong: list[str] = []
    precision, recall = score({group[0]: [of_message(line) for line in group] for group in groups}, wrong.append)
    assert len(groups) >= size
    assert (precision >= PRECISION, recall >= RECALL) == (True, True), wrong


@pytest.mark.parametrize(
    ("corpus", "roots", "size"),
    [("stacks.txt", ROOTS, 100), ("stacks.txt", FRESH_ROOTS, 100), ("fresh_stacks.txt", FRESH_ROOTS, 20)],
)
def test_stacks_of_one_cause_meet_in_every_deployment_and_no_others(
    corpus: str, roots: tuple[str, ...], size: int
) -> None:
    stacks = paragraphs(corpus)[0]
    found: dict[str, list[str]] = {}
    for line in stacks:
        task, _, stack = line.partition(" ; ")
        for at in deployments(DEPLOYMENTS, roots):
            kind, message, traceback = render(stack, at)
            sent = kind if at.seed % 2 else kind.rpartition(".")[2]
            value = fingerprint(task=task, exception_type=sent, message=message, traceback=traceback).value
            found.setdefault(line, []).append(value)
    wrong: list[str] = []
    precision, recall = score(found, wrong.append)
    assert len(stacks) >= size
    assert (precision >= PRECISION, recall >= RECALL) == (True, True), wrong
