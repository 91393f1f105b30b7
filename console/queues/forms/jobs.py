"""What the list of jobs is asked for."""

from werkzeug.datastructures import MultiDict

from console.infra.jobs import JobState, known_names
from console.queues.queries import Filters

STATES = tuple(JobState)
QUEUES = ("fast", "default", "long")


def read_filters(args: "MultiDict[str, str]") -> Filters:
    """The filters of a query string; what is no state or queue of ours is left out."""
    state, queue = args.get("state", ""), args.get("queue", "")
    return Filters(
        state=JobState(state) if state in set(STATES) else None,
        queue=queue if queue in QUEUES else None,
        name=(args.get("name") or "").replace("\0", "") or None,
    )


def choices(filters: Filters) -> dict[str, list[tuple[str, str]]]:
    """What each filter offers, as values and words; a name asked for stays among them."""
    names = sorted({*known_names(), *([filters.name] if filters.name else [])})
    words = {JobState.CANCELLED: "stopped"}
    return {
        "state": [("", "Any"), *((state.value, words.get(state, state.value)) for state in STATES)],
        "queue": [("", "Any"), *((queue, queue) for queue in QUEUES)],
        "name": [("", "Any"), *((name, name.rpartition(".")[2] or name) for name in names)],
    }


def as_query(filters: Filters) -> dict[str, str]:
    """The same as parameters of an address."""
    found = {"state": filters.state and filters.state.value, "queue": filters.queue, "name": filters.name}
    return {name: value for name, value in found.items() if value}
