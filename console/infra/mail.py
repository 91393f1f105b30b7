"""Plain-text mail by SMTP. Used from jobs only: a mail server may be slow, and a job is tried again."""

import contextlib
import smtplib
import ssl
import time
from collections.abc import Mapping
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Final, Protocol
from urllib.parse import unquote, urlsplit

import structlog

from console.config import Fields
from console.infra.deadline import Deadline

# For one answer of the server, and for all of them together.
_TIMEOUT_SECONDS: Final = 15
_ALL_SECONDS: Final = 20

log = structlog.get_logger(__name__)


class Mailer(Protocol):
    """Sends one mail; raises OSError or smtplib.SMTPException when the server does not take it."""

    def send(self, to: str, subject: str, text: str, headers: Mapping[str, str] | None = None) -> None:
        """Send `text` to one address. A `Message-ID` among the headers stays the same when a mail is sent again."""


class NullMailer:
    """Stands in while no mail server is configured: says so in the log, without the text."""

    def send(
        self,
        to: str,
        subject: str,
        text: str,  # noqa: ARG002 - the text may hold a link
        headers: Mapping[str, str] | None = None,  # noqa: ARG002
    ) -> None:
        """Send nothing."""
        log.warning("mail_not_configured", to=to, subject=subject)


class SmtpMailer:
    """`smtp://` uses STARTTLS whenever the server offers it and always before a password; `smtps://` is TLS at once."""

    def __init__(self, url: str, sender: str, seconds: float = _ALL_SECONDS) -> None:
        self._parts = urlsplit(url)
        self._sender = sender
        self._seconds = seconds

    def send(self, to: str, subject: str, text: str, headers: Mapping[str, str] | None = None) -> None:
        """Send `text` to one address within the time for all answers."""
        message = self._message(to, subject, text, headers or {})
        server = self._server()
        with Deadline(time.monotonic() + self._seconds, lambda: server.sock):
            try:
                self._connect(server)
                server.send_message(message)
                # The mail is the server's now: a farewell that fails must not have it sent again.
                with contextlib.suppress(OSError, smtplib.SMTPException):
                    server.quit()
            finally:
                server.close()

    def _message(self, to: str, subject: str, text: str, headers: Mapping[str, str]) -> EmailMessage:
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = self._sender, to, subject
        message["Date"], message["Auto-Submitted"] = formatdate(), "auto-generated"
        for name, value in {"Message-ID": make_msgid(domain=domain_of(self._sender)), **headers}.items():
            message[name] = value
        message.set_content(text)
        return message

    def _server(self) -> smtplib.SMTP:
        timeout = min(_TIMEOUT_SECONDS, self._seconds)
        if self._parts.scheme == "smtps":
            server: smtplib.SMTP = smtplib.SMTP_SSL(timeout=timeout, context=ssl.create_default_context())
        else:
            server = smtplib.SMTP(timeout=timeout)
        # The name that certificates are checked for; smtplib takes it only where it also connects at once.
        server._host = self._parts.hostname or ""  # type: ignore[attr-defined]  # noqa: SLF001
        return server

    def _connect(self, server: smtplib.SMTP) -> None:
        server.connect(self._parts.hostname or "", self._parts.port or server.default_port)
        if self._parts.scheme == "smtp":
            server.ehlo()
            if server.has_extn("starttls") or self._parts.username:
                server.starttls(context=ssl.create_default_context())
        if self._parts.username:
            server.login(unquote(self._parts.username), unquote(self._parts.password or ""))


def domain_of(address: str) -> str:
    """What stands behind the @, for message ids."""
    return address.rpartition("@")[2].rstrip("> ")


def mailer(settings: Fields) -> Mailer:
    """The mailer that the settings describe."""
    return SmtpMailer(settings.mail_url, settings.mail_from) if settings.mail_url else NullMailer()
