"""What Celery's Redis result backend keeps under `celery-task-meta-<id>`: JSON, a day long unless told otherwise."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from console.queues.rules.celery.errors import Raised, read_kept
from console.queues.rules.celery.events import MAX_MESSAGE, MAX_REPR, _count, _text

FAILED: Final = "FAILURE"
REVOKED: Final = "REVOKED"
RETRIED: Final = "RETRY"
SUCCEEDED: Final = "SUCCESS"
# The status comes first in what Celery writes: so much of a value tells it.
HEAD: Final = 40
TIME_LIMIT: Final = ("billiard.exceptions", "TimeLimitExceeded")


@dataclass(frozen=True, slots=True)
class Result:
    """The last that a task told of itself. `name`, `retries` and what follows are there with `result_extended` only.

    `args` and `kwargs` are the values themselves, not their repr; None where they are not kept.
    """

    uuid: str
    status: str
    raised: Raised | None
    traceback: str | None
    done_at: str | None
    name: str | None
    args: list[Any] | None
    kwargs: dict[str, Any] | None
    retries: int | None
    queue: str | None
    worker: str | None
    parent_id: str | None


def is_final(head: bytes) -> bool | None:
    """Whether the first bytes of a value tell of a failure for good; None while the task may still go on."""
    text = head.decode("utf-8", "replace").replace(" ", "")
    if not text.startswith('{"status":"'):
        return False
    status = text.removeprefix('{"status":"').partition('"')[0]
    return None if status in {RETRIED, "STARTED", "PENDING", "RECEIVED"} else status in {FAILED, REVOKED}


def read_result(uuid: str, value: bytes | None) -> Result | None:
    """A value of the backend; None where there is none, or something else than Celery's JSON."""
    if value is None or len(value) > MAX_MESSAGE:
        return None
    try:
        meta = json.loads(value)
    except (ValueError, RecursionError):
        return None
    if not isinstance(meta, dict) or not isinstance(meta.get("status"), str):
        return None
    args, kwargs, traceback = meta.get("args"), meta.get("kwargs"), _text(meta.get("traceback"), MAX_MESSAGE)
    return Result(
        uuid=uuid,
        status=meta["status"],
        raised=_raised(meta.get("result"), traceback),
        traceback=traceback,
        done_at=_text(meta.get("date_done")),
        name=_text(meta.get("name")),
        args=args if isinstance(args, list) else None,
        kwargs=kwargs if isinstance(kwargs, dict) else None,
        retries=_count(meta.get("retries")),
        queue=_text(meta.get("queue")),
        worker=_text(meta.get("worker")),
        parent_id=_text(meta.get("parent_id")),
    )


def _raised(result: Any, traceback: str | None) -> Raised | None:
    if not isinstance(result, Mapping) or not isinstance(result.get("exc_type"), str):
        return None
    kind, module = _text(result["exc_type"]) or "", _text(result.get("exc_module"))
    said = result.get("exc_message")
    parts = said if isinstance(said, list | tuple) else [said]
    message = ", ".join(str(part) for part in parts if part is not None)
    if (module, kind) == TIME_LIMIT:
        # Its text is its repr, in events as in tracebacks; the backend keeps the seconds alone, and no traceback.
        message = f"{kind}({message},)"
    full = f"{module}.{kind}" if module and module != "builtins" else kind
    return read_kept(full, _text(message, MAX_REPR) or "", traceback)
