"""A Zammad that only has the parts that are asked of one: its search of tickets, their articles and histories."""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "zammad-token-canary"


class Zammad:
    """`tickets`, `articles` and `changes` are what it has; `answer`: (status, headers, body) for all that is asked."""

    def __init__(self) -> None:
        self.tickets: dict[int, dict[str, Any]] = {}
        self.articles: dict[int, list[dict[str, Any]]] = {}
        self.changes: dict[int, list[dict[str, Any]]] = {}
        # A token of a customer may not read histories.
        self.secretive = False
        self.asked: list[str] = []
        self.answer: tuple[int, dict[str, str], bytes] | None = None
        zammad = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                zammad.asked.append(self.path)
                status, headers, body = zammad.reply(self.path, self.headers.get("Authorization", ""))
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Stay quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def put(self, number: int, updated: str = "2026-11-21T11:45:00.000Z", **more: Any) -> None:
        """A ticket as `expand=true` shows it; every field that is used, and some that are not."""
        self.tickets[number] = {
            "id": number, "number": f"10{number}", "title": f"Ticket {number}", "group_id": 1, "group": "Users",
            "state_id": 2, "state": "open", "priority_id": 2, "priority": "2 normal", "organization_id": 1,
            "organization": "Acme", "customer_id": 3, "customer": "nicole@example.org", "owner_id": 1, "owner": "-",
            "created_at": "2026-11-21T11:00:00.000Z", "updated_at": updated, "close_at": None, "last_close_at": None,
            "first_response_escalation_at": "2026-11-21T13:00:00.000Z", "update_escalation_at": None,
            "close_escalation_at": "2026-11-22T11:00:00.000Z", "article_count": 1, "preferences": {}, **more,
        }  # fmt: skip

    def write(self, number: int, article: int, sender: str, at: str, **more: Any) -> None:
        """An article."""
        found = {"id": article, "ticket_id": number, "sender": sender, "type": "email", "internal": False,
                 "created_at": at, "from": "x", "subject": None, "body": "secret words", **more}  # fmt: skip
        self.articles.setdefault(number, []).append(found)

    def change(self, number: int, entry: int, at: str, before: str, after: str, **more: Any) -> None:
        """An entry of its history; it begins with one that says who made it."""
        told = {"id": entry, "o_id": number, "object": "Ticket", "type": "updated", "attribute": "state", "id_from": 1,
                "id_to": 2, "value_from": before, "value_to": after, "created_at": at, "created_by_id": 3}  # fmt: skip
        made = {"id": 1, "o_id": number, "object": "Ticket", "type": "created", "created_at": at, "created_by_id": 3}
        self.changes.setdefault(number, [made]).append({**told, **more})

    def reply(self, path: str, authorization: str) -> tuple[int, dict[str, str], bytes]:
        if self.answer is not None:
            return self.answer
        if authorization != f"Token token={TOKEN}":
            return 401, {}, b'{"error":"Invalid token!"}'
        parts = urlsplit(path)
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if self.secretive and "ticket_history" in path:
            return 403, {}, b'{"error":"Not authorized"}'
        assert asked.get("expand") == "true" or "ticket_history" in path
        found = self._found(parts.path, asked)
        body = json.dumps(found if found is not None else {"error": "Couldn't find Ticket"}).encode()
        return (200 if found is not None else 404), {"Content-Type": "application/json"}, body

    def _found(self, path: str, asked: dict[str, str]) -> Any:
        if path == "/api/v1/tickets/search":
            since = re.fullmatch(r"updated_at:\[(\S+) TO \*\]", asked["query"])
            assert since is not None
            assert (asked["sort_by"], asked["order_by"]) == ("updated_at", "asc")
            told = [one for one in self.tickets.values() if one["updated_at"] >= since[1].replace("Z", ".000Z")]
            told.sort(key=lambda one: (one["updated_at"], one["id"]))
            first = (int(asked["page"]) - 1) * int(asked["per_page"])
            return told[first : first + int(asked["per_page"])]
        kind, number = path.rsplit("/", 1)
        if kind == "/api/v1/ticket_articles/by_ticket":
            return self.articles.get(int(number), [])
        if kind == "/api/v1/ticket_history":
            return {"history": self.changes.get(int(number), []), "assets": {}}
        return self.tickets.get(int(number))


@contextmanager
def zammad() -> Iterator[Zammad]:
    made = Zammad()
    thread = threading.Thread(target=made.server.serve_forever, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        made.server.shutdown()
        made.server.server_close()
        thread.join()
