"""What must hold for any failure: nothing raises, nothing that varies counts, time is bounded."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.alerts.rules.fingerprint import Fingerprint, _compute, fingerprint, plain_type
from console.alerts.rules.messages import normalise_message, title
from console.alerts.rules.paths import from_root, root_of
from console.alerts.rules.tracebacks import parse_traceback
from console.alerts.rules.words import one_number, singular
from console.infra.scrub import scrub_text

NAME = st.from_regex(r"[a-z][a-z_]{0,12}", fullmatch=True)
LINE = st.integers(1, 10**6)
ROOT = st.sampled_from(["/app", "/srv/x-1.2.3", "/releases/20260101/src", "C:\\deploy\\3fa9c2d", "/var/task", "/tmp/q"])  # noqa: S108
PRINTED = r"""
  File "/app/a.py", line 3, in f
Traceback (most recent call last):
ValueError: x
    code()
    ^^^^
  + Exception Group Traceback (most recent call last):
  +-+---------------- 1 ----------------
    | Traceback (most recent call last):
    |   File "/app/a.py", line 3, in f
    | ValueError: x
    +---------------- 2 ----------------
    +------------------------------------
During handling of the above exception, another exception occurred:
  [Previous line repeated 3 more times]
  File "x
\n
"'"""
PIECES = st.sampled_from([*PRINTED.split("\n"), "\x1b[31m", "\r", '"""', "\u2026"])


def stack(root: str, lines: list[int], functions: list[str], message: str) -> str:
    join = "\\" if "\\" in root else "/"
    frames = "".join(
        f'  File "{root}{join}shop{join}tasks.py", line {line}, in {function}\n    call()\n'
        for line, function in zip(lines, functions, strict=False)
    )
    return f"Traceback (most recent call last):\n{frames}ValueError: {message}\n"


def of(traceback: str, message: str | None = None) -> Fingerprint:
    return fingerprint(task="shop.tasks.sync", exception_type="ValueError", message=message, traceback=traceback)


@given(ROOT, ROOT, st.lists(LINE, min_size=8, max_size=8), st.lists(NAME, min_size=1, max_size=4), st.text(), st.text())
def test_hosts_releases_lines_and_messages_beside_own_frames_do_not_count(
    one: str, two: str, lines: list[int], functions: list[str], first: str, second: str
) -> None:
    messages = [" ".join(m.split()) for m in (first, second)]
    here = of(stack(one, lines[:4], functions, messages[0]), messages[0])
    there = of(stack(two, lines[4:], functions, messages[1]), messages[1])
    assert here.basis == there.basis
    assert here.value == there.value


@given(st.lists(NAME, min_size=1, max_size=4, unique=True), NAME)
def test_another_own_function_is_another_cause(functions: list[str], other: str) -> None:
    changed = [*functions[:-1], f"{other}_other"]
    lines = [1] * 5
    assert of(stack("/app", lines, functions, "x")) != of(stack("/app", lines, changed, "x"))


@given(st.lists(NAME, min_size=1, max_size=3, unique=True), st.integers(1, 30), st.integers(1, 30))
def test_recursion_counts_once_however_deep(cycle: list[str], few: int, many: int) -> None:
    def deep(times: int) -> Fingerprint:
        functions = ["start_here", *cycle * times, "end_there"]
        return of(stack("/app", [7] * len(functions), functions, "x"))

    assert deep(few) == deep(many)


@given(st.text(), st.text(), st.text(), st.lists(PIECES).map("\n".join) | st.text())
def test_nothing_raises_and_all_is_explained(task: str, kind: str, message: str, traceback: str) -> None:
    found = fingerprint(task=task, exception_type=kind, message=message, traceback=traceback)
    assert len(found.value) == 16
    assert found.basis[0].startswith("task")
    assert found == fingerprint(task=task, exception_type=kind, message=message, traceback=traceback)
    assert title(kind, message, task)


@given(st.lists(st.sampled_from([*"/\\.:<>~", "app", "shop", "x.py", "C:", "home", "releases", "src"]), min_size=1))
def test_any_path_has_a_place_and_a_name(pieces: list[str]) -> None:
    path = "".join(pieces)
    assert from_root(path)
    assert from_root(path, ("shop",), root_of(path, "shop.x.sync", ("shop", "app")))


@given(st.lists(PIECES, max_size=40))
def test_every_frame_that_is_printed_is_read(pieces: list[str]) -> None:
    frames = [frame for frame in parse_traceback("\n".join(pieces)).frames if frame.function == "f"]
    assert all((frame.file, frame.line, frame.own, frame.short) == ("/app/a.py", 3, True, "a.py") for frame in frames)


WORDS = st.sampled_from(
    [*"'\"()[],:/.-_=#*", "404", "12", "0xff", "a1b2c3", "errors", "classes", "errno", "status", "code"]
)


@given(st.text() | st.lists(WORDS).map(" ".join) | st.lists(WORDS).map("".join))
def test_normalising_again_and_again_comes_to_rest(text: str) -> None:
    rounds = [normalise_message(text)]
    while len(rounds) <= len(text) and (more := normalise_message(rounds[-1])) != rounds[-1]:
        rounds.append(more)
    assert len(rounds) <= max(len(text), 1)


@given(st.from_regex(r"[A-Za-z]{1,14}", fullmatch=True))
def test_the_singular_of_a_singular_is_itself(word: str) -> None:
    assert singular(singular(word)) == singular(word)
    assert one_number(one_number(word)) == one_number(word)


@given(st.integers(0, 10**12), st.uuids(), st.ip_addresses(), st.datetimes())
def test_numbers_ids_hosts_and_instants_do_not_count(number: int, uuid: object, ip: object, at: object) -> None:
    text = f"job {uuid} on {ip} failed at {at} after {number} rows"
    assert normalise_message(text) == "job * on * failed at * after * row"


@given(st.sampled_from(["status", "errno", "signal", "exit code", "HTTP"]), st.integers(1, 599))
def test_codes_count(word: str, code: int) -> None:
    assert str(code) in normalise_message(f"it ended with {word} {code} at last")


@given(st.text("abcdef", min_size=1, max_size=12))
def test_letters_of_hex_without_a_digit_are_a_word(word: str) -> None:
    assert normalise_message(f"colour {word} unknown") == f"colour {singular(word)} unknown"


@given(NAME)
def test_types_however_sent(name: str) -> None:
    kind = f"shop.{name}.Broken"
    assert {plain_type(k) for k in (kind, f"<class '{kind}'>", f"{kind}(2, 'no')", f" {kind}: x")} == {kind}


def test_scrubbing_first_keeps_the_group() -> None:
    told = stack("/app", [1, 2], ["run", "login"], "password=hunter2 for bob")
    assert of(scrub_text(told)) == of(told)


NASTY = [
    "'",
    '"',
    "'\\",
    '"\\',
    "('a",
    "«",
    "a.",
    "1:",
    "/a",
    "0x",
    "error ",
    "status code ",
    "[[",
    "*,",
    "a@",
    "http ",
    "1 ",
]
NASTY += [
    "a-",
    "ab:",
    "1s ",
    "(1)",
    "_1",
    ")=(",
    "Jan ",
    "x",
    "1",
    "code of ",
    "http://",
    "(*, ",
    "\n",
    "  | ",
    'File "',
    "…\n",
]
NASTY += [
    '  File "a", line 1, in f\n',
    "+-+-----\n",
    "Traceback (most recent call last):\n",
    "The above ",
    "\x1b[",
    "\r",
    "\\n",
]


NASTY += ["xX", "Ab", "aB1_", "user ", "a=b ", '(1, "a ', 'msg="a ', "$1", "[x(),", "ERROR:a:", "A1/", "{"]


@pytest.mark.parametrize("piece", NASTY)
def test_a_megabyte_of_anything_is_soon_grouped(piece: str) -> None:
    text = piece * (1_000_000 // len(piece))
    start = time.process_time()
    fingerprint(task="t", message=text, traceback=text)
    normalise_message(text)
    assert time.process_time() - start < 2


@given(st.lists(PIECES | st.text(max_size=20), max_size=6), st.lists(PIECES | st.text(max_size=30), max_size=4))
def test_reading_a_cause_once_for_all_its_messages_changes_no_group(above: list[str], message: list[str]) -> None:
    """What is remembered without its message groups as if it had been read whole."""
    text = stack("/app", [3, 9], ["f", "g"], "\n".join(message))
    for traceback in (text, text.replace("Traceback", "\n".join([*above, "Traceback"]), 1), "\n".join(above) + text):
        assert of(traceback) == _compute("shop.tasks.sync", "ValueError", "", traceback)
