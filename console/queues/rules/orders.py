"""What may become of jobs that somebody asks to be requeued or deleted."""

from enum import StrEnum
from typing import Final


class Action(StrEnum):
    """What is asked."""

    REQUEUE = "requeue"
    DELETE = "delete"


class Outcome(StrEnum):
    """What became of the move of one job; `trying` is one that was begun, None one that was not."""

    TRYING = "trying"
    REQUEUED = "requeued"
    DELETED = "deleted"
    GONE = "gone"
    MOVED_ON = "moved_on"
    REFUSED = "refused"
    NOT_TRIED = "not_tried"


class Ended(StrEnum):
    """What became of a job that was requeued. `unknown`: it left no trace by which that could be told."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    STOPPED = "stopped"
    UNKNOWN = "unknown"


WORDS: Final = {
    None: "waiting",
    Outcome.TRYING: "being moved",
    Outcome.REQUEUED: "requeued",
    Outcome.DELETED: "deleted",
    Outcome.GONE: "gone",
    Outcome.MOVED_ON: "not failed any more",
    Outcome.REFUSED: "refused",
    Outcome.NOT_TRIED: "not tried",
}
GONE: Final = "Redis no longer holds this job"
# RQ's own words of a job that has ended; any other word means that it waits or runs.
_ENDS: Final = {
    "finished": Ended.SUCCEEDED, "failed": Ended.FAILED, "stopped": Ended.STOPPED, "canceled": Ended.STOPPED,
    "unreadable": Ended.UNKNOWN,
}  # fmt: skip


def ended(state: str | None, *, traceless: bool) -> Ended | None:
    """What RQ's word says of a requeued job; None while it waits or runs.

    A job that is kept for no time after its success has then gone; any other that has gone was removed, or its Redis
    emptied: nobody knows how it ended.
    """
    if state is None:
        return Ended.SUCCEEDED if traceless else Ended.UNKNOWN
    return _ENDS.get(state)


def obstacle(state: str | None) -> str | None:
    """Why a job in this state is left alone; None for a failed one."""
    if state is None:
        return GONE
    return None if state == "failed" else f"it is {state} now, not failed"
