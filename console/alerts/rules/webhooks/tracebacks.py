"""A Sentry event's exceptions as the traceback that Python prints, so that grouping and pages can read it."""

from collections.abc import Mapping
from typing import Any

# Frames and exceptions beyond these say nothing new; the innermost are kept.
MAX_FRAMES = 200
MAX_EXCEPTIONS = 20
HEAD = "Traceback (most recent call last):"
CAUSE = "\n\nThe above exception was the direct cause of the following exception:\n\n"
CONTEXT = "\n\nDuring handling of the above exception, another exception occurred:\n\n"


def traceback_of(event: Mapping[str, Any]) -> str | None:
    """The text, cause first as in `exception.values`, frames from oldest to newest; None without an exception."""
    found = event.get("exception")
    values = found.get("values") if isinstance(found, Mapping) else found
    raised = [value for value in (values if isinstance(values, list) else []) if isinstance(value, Mapping)]
    raised = raised[-MAX_EXCEPTIONS:]
    if not any(_frames(value) for value in raised):
        return None
    text = _one(raised[0])
    for value in raised[1:]:
        text += _joint(value) + _one(value)
    return text


def _joint(value: Mapping[str, Any]) -> str:
    mechanism = value.get("mechanism")
    source = mechanism.get("source") if isinstance(mechanism, Mapping) else None
    return CAUSE if source == "__cause__" else CONTEXT


def _one(value: Mapping[str, Any]) -> str:
    module, kind, said = (str(value.get(name) or "") for name in ("module", "type", "value"))
    name = f"{module}.{kind}" if module and module != "builtins" and "." not in kind else kind or "Exception"
    frames = [_frame(frame) for frame in _frames(value)]
    return "\n".join([*([HEAD, *frames] if frames else []), f"{name}: {said}" if said else name])


def _frames(value: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    trace = value.get("stacktrace")
    frames = trace.get("frames") if isinstance(trace, Mapping) else None
    return [frame for frame in (frames if isinstance(frames, list) else []) if isinstance(frame, Mapping)][-MAX_FRAMES:]


def _frame(frame: Mapping[str, Any]) -> str:
    file = _line(frame.get("abs_path") or frame.get("filename") or frame.get("module") or "<unknown>")
    number = frame.get("lineno")
    place = (
        f'  File "{file}", line {number if isinstance(number, int) else 0}, in {_line(frame.get("function") or "?")}'
    )
    source = _line(frame.get("context_line") or "")
    return f"{place}\n    {source}" if source else place


def _line(value: Any) -> str:
    return str(value).strip().split("\n")[0]
