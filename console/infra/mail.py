"""Plain-text mail by SMTP. Used from jobs only: a mail server may be slow, and a job is tried again."""

import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Final, Protocol
from urllib.parse import unquote, urlsplit

import structlog

from console.config import Fields

_TIMEOUT_SECONDS: Final = 15

log = structlog.get_logger(__name__)


class Mailer(Protocol):
    """Sends one mail; raises OSError or smtplib.SMTPException when the server does not take it."""

    def send(self, to: str, subject: str, text: str) -> None:
        """Send `text` to one address."""


class NullMailer:
    """Stands in while no mail server is configured: says so in the log, without the text."""

    def send(self, to: str, subject: str, text: str) -> None:  # noqa: ARG002 - the text may hold a link
        """Send nothing."""
        log.warning("mail_not_configured", to=to, subject=subject)


class SmtpMailer:
    """`smtp://` uses STARTTLS whenever the server offers it and always before a password; `smtps://` is TLS at once."""

    def __init__(self, url: str, sender: str) -> None:
        self._parts = urlsplit(url)
        self._sender = sender

    def send(self, to: str, subject: str, text: str) -> None:
        """Send `text` to one address."""
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = self._sender, to, subject
        message["Date"], message["Message-ID"] = formatdate(), make_msgid(domain=self._sender.rpartition("@")[2])
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(text)
        with self._connect() as server:
            server.send_message(message)

    def _connect(self) -> smtplib.SMTP:
        host, secure = self._parts.hostname or "", ssl.create_default_context()
        if self._parts.scheme == "smtps":
            port = self._parts.port or smtplib.SMTP_SSL_PORT
            return self._sign_in(smtplib.SMTP_SSL(host, port, timeout=_TIMEOUT_SECONDS, context=secure))
        server = smtplib.SMTP(host, self._parts.port or smtplib.SMTP_PORT, timeout=_TIMEOUT_SECONDS)
        server.ehlo()
        if server.has_extn("starttls") or self._parts.username:
            server.starttls(context=secure)
        return self._sign_in(server)

    def _sign_in(self, server: smtplib.SMTP) -> smtplib.SMTP:
        if self._parts.username:
            server.login(unquote(self._parts.username), unquote(self._parts.password or ""))
        return server


def mailer(settings: Fields) -> Mailer:
    """The mailer that the settings describe."""
    return SmtpMailer(settings.mail_url, settings.mail_from) if settings.mail_url else NullMailer()
