"""A traceback taken apart for reading."""

from hypothesis import given
from hypothesis import strategies as st

from console.alerts.rules.frames import is_own, read, shown

CHAINED = """Traceback (most recent call last):
  File "/srv/app/.venv/lib/python3.11/site-packages/celery/app/trace.py", line 453, in trace_task
    R = retval = fun(*args, **kwargs)
                 ^^^^^^^^^^^^^^^^^^^^
  File "/srv/app/.venv/lib/python3.11/site-packages/celery/app/trace.py", line 736, in __protected_call__
    return self.run(*args, **kwargs)
  File "/srv/app/documents/layout.py", line 142, in build_layout
    margins = page["margins"]
KeyError: 'margins'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/srv/app/documents/tasks.py", line 88, in render_pdf
    layout = build_layout(
        document,
    )
ValueError: no margins
in template 31
"""
GROUP = """  + Exception Group Traceback (most recent call last):
  |   File "/srv/app/sync.py", line 9, in main
  |     async with TaskGroup() as group:
  | ExceptionGroup: two failed (2 sub-exceptions)
  +-+---------------- 1 ----------------
    | Traceback (most recent call last):
    |   File "/srv/app/sync.py", line 4, in one
    |     raise KeyError("a")
    | KeyError: 'a'
    +------------------------------------
"""


def test_it_folds_library_frames_and_opens_own_ones() -> None:
    parts = read(CHAINED)
    assert [part.kind for part in parts] == ["library", "own", "raised", "chained", "own", "raised"]
    assert [frame.function for frame in parts[0].frames] == ["trace_task", "__protected_call__"]
    assert parts[0].frames[0].file == "celery/app/trace.py"


def test_a_frame_has_its_line_and_source_without_the_carets() -> None:
    library, own, *_ = read(CHAINED)
    assert library.frames[0].source == ("R = retval = fun(*args, **kwargs)",)
    assert (own.frames[0].file, own.frames[0].line) == ("srv/app/documents/layout.py"[4:], 142)


def test_a_source_of_several_lines_is_kept_whole() -> None:
    assert read(CHAINED)[4].frames[0].source == ("layout = build_layout(", "document,", ")")


def test_what_was_raised_keeps_all_its_lines() -> None:
    assert read(CHAINED)[5].lines == ("ValueError: no margins", "in template 31")


def test_an_exception_group_is_read_through_its_rules() -> None:
    parts = read(GROUP)
    assert [part.kind for part in parts] == ["own", "raised", "own", "raised"]
    assert parts[3].lines == ("KeyError: 'a'",)


def test_a_frame_without_a_function_is_the_module() -> None:
    assert read('  File "<stdin>", line 1\nSyntaxError: x')[0].frames[0].function == "<module>"


def test_no_traceback_has_no_parts() -> None:
    assert read("") == []


def test_own_is_decided_by_place_not_name() -> None:
    assert is_own("/srv/celery_tools/tasks.py")
    assert not is_own("/usr/lib/python3.11/json/decoder.py")
    assert not is_own("/x/.venv/lib/python3.12/site-packages/celery/app/trace.py")
    assert not is_own(r"C:\app\venv\Lib\site-packages\rq\worker.py")
    assert not is_own("<frozen importlib._bootstrap>")


def test_paths_are_short() -> None:
    assert shown("/srv/app/documents/tasks.py") == "app/documents/tasks.py"
    assert shown("/usr/lib/python3.11/site-packages/rq/worker.py") == "rq/worker.py"


@given(st.text(alphabet='File "x.py", line 1 in\n |+-^~\'', max_size=400))
def test_any_text_can_be_read(text: str) -> None:
    for part in read(text):
        assert part.frames or part.lines
