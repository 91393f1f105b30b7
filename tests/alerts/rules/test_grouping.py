"""The paragraph "Grouping", sentence by sentence, on tracebacks as they are printed."""

import pytest

from console.alerts.rules.fingerprint import fingerprint
from console.alerts.rules.messages import title
from console.alerts.rules.paths import from_root, place
from console.alerts.rules.tracebacks import parse_traceback

HEAD = "Traceback (most recent call last):\n"
OWN = '  File "/app/shop/tasks.py", line 3, in sync\n    go()\n'
LIBRARY = '  File "/usr/lib/python3/dist-packages/redis/client.py", line 9, in send\n    raise error\n'
PLAIN = f"{HEAD}{OWN}ValueError: x\n"
CAUSE = "\nThe above exception was the direct cause of the following exception:\n\n"
CONTEXT = "\nDuring handling of the above exception, another exception occurred:\n\n"
INNER = '  File "/app/shop/work.py", line 7, in crunch\n    return 1 / n\n'


def basis(traceback: str, kind: str | None = None, message: str | None = None) -> tuple[str, ...]:
    found = fingerprint(task="shop.tasks.sync", exception_type=kind, message=message, traceback=traceback)
    return found.basis[1:]


SAME = {
    "windows lines": PLAIN.replace("\n", "\r\n"),
    "indented": "".join(f"      {line}\n" for line in PLAIN.splitlines()),
    "without indentation": "\n".join(line.strip() for line in PLAIN.splitlines()),
    "logged with a prefix": "".join(
        f"worker  | [2026-01-02 03:04:05,678: ERROR/ForkPoolWorker-6] {line}\n" for line in PLAIN.splitlines()
    ),
    "after a log line": f"[2026-01-02] ERROR Task failed: boom\n{PLAIN}",
    "encoded twice": PLAIN.replace("\n", "\\n").replace('"', '\\"'),
    "cut at its head": f'te-packages/x.py", line 3, in y\n    foo()\n{OWN}ValueError: x',
    "a message of lines that look like frames": f'{HEAD}{OWN}ValueError: in\n  File "x.conf", line 3\n    key = 1\n',
    "a generated frame": f'{HEAD}{OWN}  File "<string>", line 3, in __init__\nValueError: x\n',
    "a comprehension": f'{HEAD}{OWN}  File "/app/shop/a.py", line 4, in <listcomp>\n    x\nValueError: x\n',
    "library frames": f"{HEAD}{LIBRARY}{OWN}{LIBRARY}ValueError: x\n",
    "without source": "\n".join(line for line in PLAIN.splitlines() if not line.startswith("    ")),
    "an importer between": f'{HEAD}{OWN}  File "<frozen importlib._bootstrap>", line 1, in _find\nValueError: x\n',
    "a chain that it began": f'{PLAIN}{CAUSE}{HEAD}  File "/app/shop/a.py", line 1, in b\n    c\nshop.Outer: y\n',
    "while something else was handled": f"{HEAD}{LIBRARY}KeyError: 3\n{CONTEXT}{PLAIN}",
    "recursion": f"{HEAD}{OWN * 3}  [Previous line repeated 987 more times]\nValueError: x\n",
}


@pytest.mark.parametrize("traceback", SAME.values(), ids=SAME.keys())
def test_the_same_cause_however_it_is_printed(traceback: str) -> None:
    assert basis(traceback) == basis(PLAIN) == ("type ValueError", "frame shop/tasks.py in sync")


def test_a_cut_traceback_takes_the_type_that_was_sent() -> None:
    assert basis(f"{HEAD}{OWN}", "ValueError") == basis(PLAIN)


@pytest.mark.parametrize("kind", ["concurrent.futures.process._R", "multiprocessing.pool.R", "billiard.pool.R"])
def test_what_failed_in_another_process_is_the_cause(kind: str) -> None:
    remote = f'{kind}emoteTraceback: \n"""\n{HEAD}{LIBRARY}{INNER}ZeroDivisionError: division by zero\n"""\n'
    found = basis(f"{remote}{CAUSE}{HEAD}{OWN}ZeroDivisionError: division by zero\n")
    assert found == ("type ZeroDivisionError", "frame shop/work.py in crunch")


def test_a_traceback_quoted_in_a_message_is_the_cause() -> None:
    quoted = f"ray.exceptions.RayTaskError(ValueError): ray::work() (pid=1, ip=10.0.0.1)\n{INNER}ValueError: bad 7\n"
    assert basis(f"{HEAD}{OWN}{LIBRARY}{quoted}") == ("type ValueError", "frame shop/work.py in crunch")


def test_a_syntax_error_lies_in_its_file() -> None:
    broken = "  File \"/app/shop/broken.py\", line 3\n    def f(\n         ^\nSyntaxError: '(' was never closed\n"
    assert basis(f"{HEAD}{OWN}{broken}")[-1] == "frame shop/broken.py in <syntax>"


def child(number: int, file: str, kind: str) -> str:
    rule = f"+---------------- {number} ----------------"
    lines = f'{HEAD}  File "/app/shop/{file}.py", line {number}, in run\n    go()\n{kind}: x {number}'
    margin = "  +-" if number == 1 else "    "
    return f"{margin}{rule}\n" + "".join(f"    | {line}\n" for line in lines.splitlines())


def group(*children: str) -> str:
    head = f"{HEAD.replace('Traceback', 'Exception Group Traceback')}{OWN}ExceptionGroup: unhandled ({len(children)})"
    lines = head.splitlines()
    top = f"  + {lines[0]}\n" + "".join(f"  | {line}\n" for line in lines[1:])
    numbered = [child(n, *c.split(":")) for n, c in enumerate(children, 1)]
    return top + "".join(numbered) + "    +------------------------------------\n"


def test_a_group_is_the_set_of_its_childrens_causes() -> None:
    one = basis(group("a:ValueError", "b:KeyError"))
    assert one == basis(group("b:KeyError", "a:ValueError", "a:ValueError", "b:KeyError"))
    assert one == ("type KeyError", "frame shop/b.py in run", "type ValueError", "frame shop/a.py in run")
    assert one != basis(group("a:ValueError", "c:KeyError"))
    assert basis(group("a:ValueError", "b:asyncio.exceptions.CancelledError")) == basis(group("a:ValueError"))


def test_a_time_out_is_told_by_the_own_frame_that_waited() -> None:
    def timed_out(caller: str, waiter: str, library: str) -> tuple[str, ...]:
        own = OWN.replace("sync", caller) + INNER.replace("crunch", waiter)
        deep = LIBRARY + LIBRARY.replace("send", library)
        return basis(f"{HEAD}{own}{deep}rq.timeouts.JobTimeoutException: Task exceeded 180 seconds\n")

    assert timed_out("a", "fetch", "read") == timed_out("b", "fetch", "connect")
    assert timed_out("a", "fetch", "read") != timed_out("a", "store", "read")


def test_what_a_time_out_cancelled_is_chance() -> None:
    waited = f"{HEAD}{OWN}{LIBRARY}TimeoutError\n"
    cancelled = f"{HEAD}{INNER}asyncio.exceptions.CancelledError\n"
    assert basis(f"{cancelled}{CAUSE}{waited}") == basis(waited) == ("type TimeoutError", "frame shop/tasks.py in sync")


def test_without_own_frames_the_message_tells() -> None:
    def lost(host: str, number: int) -> tuple[str, ...]:
        return basis(f"{HEAD}{LIBRARY}redis.exceptions.ConnectionError: Error {number} connecting to {host}:6379.\n")

    assert lost("redis-1", 111) == lost("10.0.0.7", 111)
    assert lost("redis-1", 111) != lost("redis-1", 104)


def test_types_count_with_their_module() -> None:
    kinds = ["redis.exceptions.ConnectionError", "requests.exceptions.ConnectionError", "ConnectionError"]
    assert len({basis(PLAIN.replace("ValueError", kind)) for kind in kinds}) == 3
    assert basis(PLAIN.replace("ValueError", kinds[0]), "ConnectionError")[0] == f"type {kinds[0]}"


def test_rq_tells_of_killed_horses_in_words() -> None:
    def killed(status: int, signal: int) -> tuple[str, ...]:
        return basis(f"Work-horse terminated unexpectedly; waitpid returned {status} (signal {signal}); ")

    assert killed(139, 11) == killed(11, 11) != killed(9, 9)


def test_an_override_replaces_the_default_or_splits_it() -> None:
    def sent(override: str | list[str] | None, task: str = "a") -> str:
        return fingerprint(task=task, traceback=PLAIN, override=override).value

    assert sent("mine") == sent("mine", task="b") == sent(["mine"])
    assert sent(None) == sent([]) == sent(" ")
    assert len({sent(["{{ default }}", "eu"]), sent(["{{ default }}", "us"]), sent(None), sent("mine")}) == 4


OWN_PLACES = [
    "/app/requests/api.py",
    "celery/tasks.py",
    "C:\\shop\\lib\\x.py",
    "/var/task/a.py",
    "/opt/python/current/app/a.py",
]
OWN_PLACES += ["/app/lib/python/x.py", "/home/a/site/x.py", "/root/.pex/user_code/ab/x.py", "/app/bin/nightly"]
LIBRARY_PLACES = [
    *("/usr/lib/python3.11/json/decoder.py", "/usr/lib/python3/dist-packages/x.py", "C:\\Python311\\Lib\\json\\x.py"),
    *("/root/.pyenv/versions/3.12.1/lib/python3.12/ssl.py", "/opt/conda/envs/p/lib/python3.10/x.py", "<string>"),
    *(
        "C:\\Users\\a\\AppData\\Local\\Programs\\Python\\Python312\\Lib\\asyncio\\x.py",
        "<frozen os>",
        "/opt/python/x/y.py",
    ),
    *(
        "C:\\Users\\a\\Anaconda3\\envs\\p\\lib\\runpy.py",
        "/usr/local/bin/celery",
        "/app/.venv/bin/rq",
        "pandas/_libs/x.pyx",
    ),
    *("/root/.pex/installed_wheels/ab/x-1.0-py3-none-any.whl/x/y.py", "/app/__pypackages__/3.11/lib/x/y.py"),
    *("/nix/store/a-python3-3.11.6/lib/python3.11/x.py", "/var/lang/lib/python3.12/x.py", "/var/runtime/bootstrap.py"),
]


@pytest.mark.parametrize("path", OWN_PLACES)
def test_own_is_where_it_lies_whatever_its_name(path: str) -> None:
    assert place(path).own


@pytest.mark.parametrize("path", LIBRARY_PLACES)
def test_a_library_is_where_installers_put_it(path: str) -> None:
    assert not place(path).own


def test_files_are_named_from_their_package_root() -> None:
    assert from_root("/srv/releases/20260101/shop/a/b.py") == "shop/a/b.py"
    assert from_root("/home/bob/work/mysite/shop/b.py") == "shop/b.py"
    assert from_root("/srv/app/tasks.py", ("app",)) == "app/tasks.py"
    assert from_root("/tmp/ipykernel_12/3456789.py") == "<temporary>.py"  # noqa: S108 - a name, not a file


def test_a_frame_compiled_from_a_library_is_no_own_one() -> None:
    built = '  File "src/gevent/event.py", line 163, in gevent._gevent_cevent.Event.wait\n'
    assert basis(f"{HEAD}{OWN}{built}ValueError: x\n") == basis(f"{HEAD}{OWN}ValueError: x\n")


def test_the_package_of_the_task_never_counts() -> None:
    def at(folder: str) -> str:
        text = f'{HEAD}  File "{folder}/relay/hub.py", line 7, in pump\nValueError: x\n'
        return fingerprint(task="mesh.relay", traceback=text).value

    assert at("/srv/mesh") == at("/opt/mesh-2.14.3") == at("/srv/mesh/releases/41")


def test_frames_keep_what_a_page_shows() -> None:
    (raised,) = parse_traceback(f"{HEAD}{OWN}    ^^^^\n{LIBRARY}ValueError: a\nb\n").raised
    first = raised.frames[0]
    assert (first.line, first.code, first.own, first.short) == (3, "go()", True, "shop/tasks.py")
    assert (raised.type, raised.message, raised.frames[1].own) == ("ValueError", "a\nb", False)


def test_titles_say_what_was_raised_once() -> None:
    assert title("shop.Bad", "no\nmore", "t") == "Bad: no"
    assert title("ValueError", "ValueError: no", "t") == "ValueError: no"
    assert title(None, " \n", "shop.sync") == "shop.sync failed"
    assert len(title("A", "x" * 999, "t")) == 300
