"""The other sides, as real servers on this machine: a mail server, and a web server that takes webhooks."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message as Mail
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

import orjson
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass
class MailServer:
    """aiosmtpd on a free port. `answer` is what it says to a mail; `hang` seconds pass before that.

    `begun` counts the mails that came, `mails` holds those that were taken.
    """

    mails: list[Mail] = field(default_factory=list)
    answer: str = "250 OK"
    hang: float = 0.0
    port: int = 0
    begun: int = 0

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Aiosmtpd's hook: a mail has come."""
        self.begun += 1
        await asyncio.sleep(self.hang)
        if self.answer.startswith("250"):
            assert isinstance(envelope.content, bytes)
            mail = message_from_bytes(envelope.content)
            mail["X-Rcpt"] = ",".join(envelope.rcpt_tos)
            self.mails.append(mail)
        return self.answer

    def texts(self) -> list[str]:
        """The bodies."""
        return [text_of(mail) for mail in self.mails]

    def to(self, address: str) -> list[Mail]:
        """What one address got."""
        return [mail for mail in self.mails if mail["X-Rcpt"] == address]


def text_of(mail: Mail) -> str:
    body = mail.get_payload(decode=True)
    assert isinstance(body, bytes)
    return body.decode()


@contextmanager
def mail_server(**options: Any) -> Iterator[MailServer]:
    server = MailServer(**options)
    controller = Controller(server, hostname="127.0.0.1", port=server.port or free_port(), ready_timeout=10)
    controller.start()
    server.port = controller.port
    try:
        yield server
    finally:
        controller.stop()


@dataclass
class Hook:
    """One request that came in."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)


class HookServer(ThreadingHTTPServer):
    """Takes webhooks. `status` and `reply` are its answer, `headers` go with it; `hang` seconds pass before that."""

    daemon_threads = True

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.hooks: list[Hook] = []
        self.status, self.reply, self.hang = 200, b"ok", 0.0
        self.headers: dict[str, str] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever asked has gone: that is what some tests are about."""

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: HookServer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        time.sleep(self.server.hang)
        if self.server.status < 300:
            headers = {name.lower(): value for name, value in self.headers.items()}
            self.server.hooks.append(Hook(self.path, headers, body))
        self.send_response(self.server.status)
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(self.server.reply)))
        self.end_headers()
        self.wfile.write(self.server.reply)

    do_GET = do_POST  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Quiet."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
