"""How RQ's calls, times and errors are read."""

from datetime import UTC, datetime

import pytest

from console.queues.rules import RqFailure, parse_call, parse_time, read_error

TRACEBACK = """Traceback (most recent call last):
  File "/srv/app/tasks.py", line 3, in send
    raise MailError("first\\nsecond")
app.mail.MailError: first
second: line
"""


@pytest.mark.parametrize(
    ("description", "expected"),
    [
        ("tasks.send(7, to='a(b)')", ("tasks.send", "7, to='a(b)'")),
        ("tasks.send()", ("tasks.send", None)),
        ("Send the newsletter", ("Send the newsletter", None)),
        ("os.system('x')\nnext", ("os.system('x')\nnext", None)),
        ("", ("unknown", None)),
        ("x" * 500, ("x" * 200, None)),
    ],
)
def test_it_reads_the_call(description: str, expected: tuple[str, str | None]) -> None:
    assert parse_call(description) == expected


def test_it_reads_times_of_every_rq() -> None:
    at = datetime(2026, 11, 21, 12, 0, 1, 500, tzinfo=UTC)
    assert parse_time("2026-11-21T12:00:01.000500Z") == at
    assert parse_time("2026-11-21T12:00:01.000500") == at
    assert parse_time("2026-11-21T13:00:01.000500+01:00") == at
    assert (parse_time("soon"), parse_time(""), parse_time(None)) == (None, None, None)


def test_it_reads_a_traceback_with_a_message_of_several_lines() -> None:
    told = read_error(TRACEBACK)
    assert (told.exception_type, told.message, told.traceback) == (
        "app.mail.MailError",
        "first\nsecond: line",
        TRACEBACK,
    )


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        (
            "Work-horse terminated unexpectedly; waitpid returned 9 (signal 9); ",
            "WorkHorseTerminated",
            "The work-horse was killed by signal 9",
        ),
        (
            "Work-horse terminated unexpectedly; waitpid returned 256; ",
            "WorkHorseTerminated",
            "The work-horse ended with wait status 256",
        ),
        (
            "Moved to FailedJobRegistry, due to AbandonedJobError, at 2026-11-21 12:00:00",
            "AbandonedJobError",
            "The worker vanished while it ran this job",
        ),
        ("", None, "RQ kept no error text"),
        ("Job was stuck in intermediate queue.", None, "Job was stuck in intermediate queue."),
    ],
)
def test_it_reads_rqs_own_sentences_as_one_cause_each(text: str, kind: str | None, message: str) -> None:
    told = read_error(text)
    assert (told.exception_type, told.message, told.traceback) == (kind, message, None)


def test_an_event_is_a_job_and_its_execution() -> None:
    failure = RqFailure("j1", "q", "t", None, "", "e1", None, None, None, None)
    assert failure.event_id == "j1:e1"
