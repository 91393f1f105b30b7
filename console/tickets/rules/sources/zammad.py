"""Tickets, articles and histories as Zammad's API has them (expand=true), and what its webhooks sign.

Shapes: docs.zammad.org, REST API, Ticket and Ticket Articles; Admin Documentation, Webhook.
"""

import hashlib
import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from console.tickets.rules.history import Event, Kind
from console.tickets.rules.sources.rows import WORD, Reading, Row, Unfit, instant, past, plain, read_row

FIELDS: Final = {
    "subject": "title",
    "status": "state",
    "priority": "priority",
    "organization": "organization",
    "requester": "customer",
    "group": "group",
    "created_at": "created_at",
    "updated_at": "updated_at",
    "first_response_due": "first_response_escalation_at",
    "next_response_due": "update_escalation_at",
    "resolution_due": "close_escalation_at",
}
NOBODY: Final = "-"
# An agent's public note is no answer to anybody.
NOTE: Final = "note"


@dataclass(frozen=True, slots=True)
class Told:
    """A ticket as its site tells of it; `articles` and `history` are as they were answered, None when they were not."""

    ticket: Any
    articles: Any = None
    history: Any = None


def read(told: Told, reading: Reading, *, site: str, now: datetime) -> Row | list[str]:
    """A ticket with its messages and changes of state, or a sentence for each fault."""
    ticket = told.ticket
    if not isinstance(ticket, dict) or not isinstance(ticket.get("id"), int):
        return ["it is no ticket with an id"]
    raw = {field: _text(ticket.get(name)) for field, name in FIELDS.items()}
    owner = _text(ticket.get("owner"))
    ended = _text(ticket.get("last_close_at") or ticket.get("close_at"))
    raw |= {"external_id": str(ticket["id"]), "assignee": None if owner == NOBODY else owner, "resolved_at": ended}
    raw["url"] = f"{site}/#ticket/zoom/{ticket['id']}"
    found = read_row(raw, reading, now=now)
    if not isinstance(found, Row):
        return found
    try:
        found = replace(found, events=list(_events(told.articles, now)))
    except Unfit as error:
        return [f"an article: {error}"]
    return _with_states(found, told.history, reading)


def _with_states(row: Row, history: Any, reading: Reading) -> Row:
    """Every state it had, since when: what happened between two readings is in its history.

    A history that does not lead to the state it is in (imported, renamed) tells nothing; the row alone does then.
    """
    entries = history.get("history") if isinstance(history, dict) else None
    told = [entry for entry in entries if _is_state(entry)] if isinstance(entries, list) else []
    try:
        changes = [_change(entry) for entry in told]
    except Unfit:
        return row
    # What was changed since the ticket was read comes with its next reading.
    changes = sorted(change for change in changes if row.updated_at is None or change[0] <= row.updated_at)
    if not changes or changes[-1][3] != row.given.get("status"):
        return row
    first = changes[0][2]
    given = {**row.given, "initial_status": first}
    begun = [Event("history:0:resolved", row.created_at, Kind.RESOLVED)] if reading.closed(first) else []
    turns = [event for change in changes for event in _turn(*change, reading)]
    return replace(row, given=given, closed=None, events=[*row.events, *begun, *turns])


def _is_state(entry: Any) -> bool:
    return isinstance(entry, dict) and (entry.get("object"), entry.get("attribute")) == ("Ticket", "state")


def _change(entry: Mapping[str, Any]) -> tuple[datetime, int, str, str]:
    number, before, after = entry.get("id"), entry.get("value_from"), entry.get("value_to")
    if not isinstance(number, int) or not isinstance(before, str) or not isinstance(after, str):
        raise Unfit("it is no change of a state")
    return instant(str(entry.get("created_at")), "UTC"), number, _state(before), _state(after)


def _state(text: str) -> str:
    found = plain(text, WORD)
    if not found:
        raise Unfit("it names no state")
    return found


def _turn(at: datetime, number: int, before: str, after: str, reading: Reading) -> Iterator[Event]:
    # Of changes at one instant the greater id is the later.
    key = f"history:{number:012d}"
    yield Event(key, at, Kind.STATUS, after)
    if reading.closed(after) and not reading.closed(before):
        yield Event(f"{key}:resolved", at, Kind.RESOLVED)
    elif reading.closed(before) and not reading.closed(after):
        yield Event(f"{key}:reopened", at, Kind.REOPENED)


def _events(articles: Any, now: datetime) -> Iterator[Event]:
    for article in articles if isinstance(articles, list) else []:
        if not isinstance(article, dict) or not isinstance(article.get("id"), int):
            raise Unfit("it has no id")
        kind = _kind(article)
        if kind is not None:
            at = past(instant(str(article.get("created_at")), "UTC"), now)
            yield Event(f"article:{article['id']}", at, kind)


def _kind(article: Mapping[str, Any]) -> Kind | None:
    if article.get("internal"):
        return None
    if article.get("sender") == "Customer":
        return Kind.CUSTOMER_MESSAGE
    return Kind.AGENT_REPLY if article.get("sender") == "Agent" and article.get("type") != NOTE else None


def signed(raw: bytes, header: str, secret: str) -> bool:
    """Whether X-Hub-Signature is this body's: sha1= and the HMAC-SHA1 in hex."""
    # SHA-1 is what Zammad offers; as an HMAC it still stands.
    want = "sha1=" + hmac.new(secret.encode(), raw, hashlib.sha1).hexdigest()
    return hmac.compare_digest(want.encode(), header.strip().encode("utf-8", "replace"))


def named(payload: Any) -> str | None:
    """The id of the ticket that a webhook tells of; None when it names none."""
    ticket = payload.get("ticket") if isinstance(payload, dict) else None
    found = ticket.get("id") if isinstance(ticket, dict) else None
    return str(found) if isinstance(found, int) and not isinstance(found, bool) and found > 0 else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) or value is None else str(value)
