"""What the queue's address asks for, and how a link of the queue asks for the same."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from console.tickets.queries.lists import NOBODY, Filters
from console.tickets.rules import within
from console.tickets.rules.standing import State
from console.web import filters as texts

WORDS: Final = ("assignee", "priority", "organization", "policy", "source")
FIELDS: Final = ("state", *WORDS, "due_before", "due_within")
NAMES: Final = {
    State.BREACHED: "Breached", State.AT_RISK: "At risk", State.OK: "On track", State.PAUSED: "Paused",
    State.MET: "Met", State.NONE: "No target",
}  # fmt: skip
WORD_MOST: Final = 500


def read_filters(args: Mapping[str, Any]) -> Filters:
    """What is asked for; words that say nothing ask nothing."""
    given = {name: _one(args.get(name)) for name in FIELDS}
    words: dict[str, Any] = {name: given[name] or None for name in WORDS}
    state = next((state for state in State if state.value == given["state"]), None)
    due = {"due_before": _instant(given["due_before"]), "due_within": _length(given["due_within"])}
    return Filters(**{"state": state, **due, **words})


def kept(found: Filters) -> dict[str, Any]:
    """The filters as parameters of an address."""
    named = {name: getattr(found, name) for name in WORDS if getattr(found, name)}
    state = {"state": found.state.value} if found.state else {}
    due = {"due_before": found.due_before.isoformat().replace("+00:00", "Z")} if found.due_before else {}
    ahead = {"due_within": within.text(found.due_within)} if found.due_within else {}
    return {**state, **named, **due, **ahead}


def told(args: Mapping[str, Any]) -> dict[str, Any]:
    """The filters in words, by name."""
    found = read_filters(args)
    shown = {**kept(found), "due_before": texts.at(found.due_before) if found.due_before else ""}
    if found.state:
        shown["state"] = NAMES[found.state].lower()
    if found.due_within:
        shown["due_within"] = within.words(found.due_within)
    if found.assignee == NOBODY:
        shown["assignee"] = "nobody"
    return {name: value for name, value in shown.items() if value}


def _one(given: Any) -> str:
    """A word of an address, or of what a program has saved, where it may be a list of one."""
    word = given[0] if isinstance(given, list) and given else given
    return str(word or "").replace("\0", "").strip()[:WORD_MOST]


def _instant(text: str) -> datetime | None:
    """An instant, or a local time of the reader; anything else asks nothing."""
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=texts.zone())).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _length(text: str) -> timedelta | None:
    """A length of time; anything else asks nothing."""
    try:
        return within.read(text)
    except ValueError:
        return None
