"""Reading Zammad by its API: tickets by updated_at with an overlap, each with its articles and history.

A page begins where the last ended, so that no search reaches further than a search engine lets one page.
"""

import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import orjson

from console.infra import clock, crypto, egress
from console.infra.errors import Fault
from console.tickets.client.errors import Trouble
from console.tickets.rules.sources import zammad
from console.tickets.rules.sources.feed import Batch, Feed, Reject
from console.tickets.rules.sources.rows import Reading, Row, Unfit, instant
from console.tickets.rules.sources.zammad import Told

BATCH: Final = 10
PREVIEW: Final = 5
# For each answer; and for a batch in all, which must end well before its lease does.
ANSWER_SECONDS: Final = 5.0
SECONDS: Final = 60.0
MOST_BYTES: Final = 8 * 1024 * 1024
BEGINNING: Final = "1970-01-01T00:00:00Z"
ALONE: Final = "Write the address of the site alone, such as https://support.example.org."
OK, FORBIDDEN, NOT_FOUND, TOO_MANY, BROKEN = 200, 403, 404, 429, 500


def place_of(url: str) -> str:
    """Where the address leads; raises Trouble for one that cannot be read or may not be reached."""
    try:
        parts = urlsplit(url.strip())
        egress.guard().check(url.strip())
    except (egress.Refused, ValueError) as error:
        raise Trouble(str(error), faults=[Fault("/url", str(error))]) from None
    if parts.username or parts.query or parts.fragment:
        raise Trouble(ALONE, faults=[Fault("/url", ALONE)])
    return f"{parts.netloc}{parts.path.rstrip('/')}"


def fetch(feed: Feed) -> Batch:
    """The tickets that webhooks named, if there are any; else the next page. Raises Trouble."""
    site = _open(feed)
    cursor = dict(feed.cursor or {"at": None, "page": 1, "more": False})
    if feed.wants:
        tickets = [found for key in feed.wants if (found := site.ticket(key)) is not None]
        rows, rejects = _read(site, tickets, feed)
        return Batch(rows, rejects, cursor, more=True, fetched=feed.wants)
    since = _since(cursor, feed.options["overlap_seconds"])
    now = clock.now()
    tickets = site.search(since, cursor["page"], BATCH)
    rows, rejects = _read(site, tickets, feed)
    return Batch(rows, rejects, *_cursor(tickets, {**cursor, "read_at": _begun(cursor, now)}, since))


def preview(feed: Feed) -> Batch:
    """The five tickets changed longest ago; raises Trouble."""
    site = _open(feed)
    rows, rejects = _read(site, site.search(BEGINNING, 1, PREVIEW), feed)
    return Batch(rows, rejects, {}, more=False)


@dataclass(slots=True)
class Site:
    """Where it is, with its token; all answers of a batch come within its time. `now`: by its clock or ours."""

    url: str
    token: str
    until: float
    now: datetime = field(default_factory=clock.now)

    def search(self, since: str, page: int, most: int) -> list[Any]:
        """A page of the tickets changed since, those changed longest ago first."""
        asked = {"query": f"updated_at:[{since} TO *]", "sort_by": "updated_at", "order_by": "asc", "expand": "true",
                 "page": page, "per_page": most, "limit": most}  # fmt: skip
        found = self._get(f"/api/v1/tickets/search?{urlencode(asked)}")
        if not isinstance(found, list):
            raise Trouble("It did not answer the search with a list of tickets. Is this the address of a Zammad?")
        return found

    def ticket(self, key: str) -> Any:
        """One ticket, None when there is none any more."""
        return self._get(f"/api/v1/tickets/{key}?expand=true", none=(NOT_FOUND,))

    def articles(self, key: int) -> Any:
        """What was written in a ticket; None when it is gone meanwhile."""
        return self._get(f"/api/v1/ticket_articles/by_ticket/{key}?expand=true", none=(NOT_FOUND,))

    def history(self, key: int) -> Any:
        """What was changed of a ticket; None for a token that may not know."""
        return self._get(f"/api/v1/ticket_history/{key}", none=(FORBIDDEN, NOT_FOUND))

    def _get(self, path: str, *, none: Collection[int] = ()) -> Any:
        left = min(ANSWER_SECONDS, self.until - time.monotonic())
        if left <= 0:
            raise Trouble("It answers too slowly.")
        headers = {"Authorization": f"Token token={self.token}", "Accept": "application/json"}
        try:
            reply = egress.guard().request("GET", self.url + path, headers=headers, seconds=left, max_body=MOST_BYTES)
        except (egress.Refused, egress.Failed) as error:
            raise Trouble(str(error)) from None
        if reply.status in none:
            return None
        _judge(reply)
        self._heed(reply.headers.get("date", ""))
        try:
            return orjson.loads(reply.body)
        except orjson.JSONDecodeError:
            raise Trouble("It did not answer in JSON. Is this the address of a Zammad?") from None

    def _heed(self, date: str) -> None:
        """Its clock may be ahead of ours: what it says happened just now is no fault."""
        with suppress(ValueError, TypeError):
            self.now = max(self.now, parsedate_to_datetime(date))


def _judge(reply: egress.Reply) -> None:
    if reply.status == OK:
        return
    if reply.status in {401, 403}:
        raise Trouble("It refuses the token, or the token's user may not read tickets.", faults=[
            Fault("/token", "It is refused."),
        ])  # fmt: skip
    asked = reply.headers.get("retry-after", "")
    wait = float(asked) if asked.isascii() and asked.isdigit() else None
    if reply.status == TOO_MANY:
        raise Trouble("It has had too many requests (429).", retry_after=wait)
    if reply.status >= BROKEN:
        raise Trouble(f"It is out of order: it answered {reply.status}.", retry_after=wait)
    raise Trouble(f"It answered {reply.status}. Is this the address of a Zammad?")


def _open(feed: Feed) -> Site:
    try:
        url, token = crypto.unseal(feed.url), crypto.unseal(feed.token or "")
    except crypto.Sealed as error:
        raise Trouble(str(error)) from None
    return Site(url.strip().rstrip("/"), token, time.monotonic() + SECONDS)


def _read(site: Site, tickets: Sequence[Any], feed: Feed) -> tuple[list[Row], list[Reject]]:
    rows: list[Row] = []
    rejects: list[Reject] = []
    reading = Reading(feed.options["timezone"], feed.options["resolved_statuses"])
    for ticket in tickets:
        key = ticket.get("id") if isinstance(ticket, dict) else None
        told = Told(ticket, site.articles(key), site.history(key)) if isinstance(key, int) else Told(ticket)
        found = zammad.read(told, reading, site=site.url, now=site.now)
        if isinstance(found, Row):
            rows.append(found)
        else:
            rejects.append(Reject(str(key), "; ".join(found)))
    return rows, rejects


def _since(cursor: Mapping[str, Any], overlap: int) -> str:
    at = cursor["at"]
    if at is None or cursor["more"]:
        return at or BEGINNING
    reached = min(instant(at, "UTC"), instant(cursor.get("read_at") or at, "UTC"))
    return _written((reached - timedelta(seconds=overlap)).isoformat())


def _begun(cursor: Mapping[str, Any], now: datetime) -> str:
    """When the first page of these was read: what its index learns of later is within the overlap before that."""
    return (cursor["more"] and cursor.get("read_at")) or _written(now.isoformat())


def _cursor(tickets: Sequence[Any], before: Mapping[str, Any], since: str) -> tuple[dict[str, Any], bool]:
    """How far it came: from the last ticket's change on, or a page further where all changed at one instant."""
    try:
        last = instant(str(tickets[-1].get("updated_at")), "UTC") if tickets else None
    except (Unfit, AttributeError):
        raise Trouble("It answered the search with tickets without updated_at.") from None
    more = len(tickets) >= BATCH
    if last is None:
        return {**before, "page": 1, "more": False}, False
    at = _written(last.isoformat())
    if not more:
        return {**before, "at": at, "page": 1, "more": False}, False
    moved = last > instant(since, "UTC")
    return {**before, "at": at if moved else since, "page": 1 if moved else before["page"] + 1, "more": True}, True


def _written(at: str) -> str:
    return at.replace("+00:00", "Z")
