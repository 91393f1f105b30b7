"""Tickets and articles as Zammad's API has them (expand=true), and what its webhooks sign.

Shapes: docs.zammad.org, REST API, Ticket and Ticket Articles; Admin Documentation, Webhook.
"""

import hashlib
import hmac
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from console.tickets.rules.history import Event, Kind
from console.tickets.rules.sources.rows import Reading, Row, Unfit, instant, past, read_row

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


def read(ticket: Any, articles: Any, reading: Reading, *, site: str, now: datetime) -> Row | list[str]:
    """A ticket with its messages, or a sentence for each fault."""
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
        return replace(found, events=list(_events(articles, now)))
    except Unfit as error:
        return [f"an article: {error}"]


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
