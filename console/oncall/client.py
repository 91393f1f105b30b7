"""The ways out: mail, Slack-compatible and signed webhooks. What they raise is only ever Undelivered."""

import re
import smtplib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

import orjson
from flask import current_app

from console.config import Settings
from console.infra import crypto, egress
from console.infra.errors import Fault, Invalid
from console.infra.mail import SmtpMailer, domain_of, mailer
from console.oncall.rules import shapes, signing
from console.oncall.rules.wording import Message, headline

# What Slack answers in plain words, such as `no_service`; anything else is not repeated.
SLACK_WORD: Final = re.compile(rb"[a-z_]{2,40}")
# Answers that say "not this message" rather than "not now".
UNWANTED: Final = frozenset({400, 401, 403, 404, 405, 410, 413, 415, 422})


class Undelivered(Exception):
    """A try that failed, in a sentence without secrets.

    `refused`: heard and not wanted. `perhaps`: it may have arrived all the same, only the answer did not.
    `retry_after`: in seconds, as the other side asked.
    """

    def __init__(
        self, detail: str, *, refused: bool = False, perhaps: bool = False, retry_after: float | None = None
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.refused = refused
        self.perhaps = perhaps
        self.retry_after = retry_after


class Sender(Protocol):
    """Sends one message; returns what the other side said, raises Undelivered."""

    def send(self, message: Message) -> str:
        """Send, and wait for the answer."""


class NullSender:
    """Stands in for mail while no mail server is set: nothing could arrive, so it says so."""

    def send(self, message: Message) -> str:  # noqa: ARG002 - it goes nowhere
        """Refuse."""
        raise Undelivered("No mail server is set: give MAIL_URL and MAIL_FROM, and restart the console.")


@dataclass(frozen=True, slots=True)
class MailSender:
    """To one address by the console's mail server."""

    mail: SmtpMailer
    domain: str
    to: str

    def send(self, message: Message) -> str:
        """Send the mail; the server has it when this returns."""
        try:
            headers = shapes.mail_headers(message, self.domain)
            self.mail.send(self.to, headline(message), shapes.mail_text(message), headers)
        except smtplib.SMTPRecipientsRefused as error:
            code = next((refusal[0] for refusal in error.recipients.values()), 0)
            raise Undelivered(f"The mail server refused the address ({code}).", refused=_for_good(code)) from None
        except smtplib.SMTPResponseException as error:
            code = error.smtp_code
            raise Undelivered(f"The mail server refused the mail ({code}).", refused=_for_good(code)) from None
        except (OSError, smtplib.SMTPException) as error:
            perhaps = isinstance(error, TimeoutError | smtplib.SMTPServerDisconnected)
            raise Undelivered(_mail_trouble(error), perhaps=perhaps) from None
        return "The mail server took it."


@dataclass(frozen=True, slots=True)
class SlackSender:
    """To an incoming webhook of Slack, Mattermost, Rocket.Chat or whoever speaks their form."""

    guard: egress.Guard
    address: str

    def send(self, message: Message) -> str:
        """Post it."""
        reply = _post(self.guard, self.address, orjson.dumps(shapes.slack(message)), {})
        said = reply.body.strip()
        _judge(reply, said.decode() if SLACK_WORD.fullmatch(said) and said != b"ok" else "")
        return f"It answered {reply.status}."


@dataclass(frozen=True, slots=True)
class WebhookSender:
    """To any program, signed after the Standard Webhooks specification."""

    guard: egress.Guard
    address: str
    signing_key: str

    def send(self, message: Message) -> str:
        """Post it."""
        body, timestamp = orjson.dumps(shapes.webhook(message)), int(message.at.timestamp())
        uid = str(message.uid)
        headers = {
            "webhook-id": uid,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signing.signature(self.signing_key, uid, timestamp, body),
        }
        reply = _post(self.guard, self.address, body, headers)
        _judge(reply, "")
        return f"It answered {reply.status}."


def sender(kind: str, recipient: str, address: str, signing_key: str) -> Sender:
    """The way out of a channel; `address` and `signing_key` are sealed. Raises Undelivered where none is."""
    settings: Settings = current_app.extensions["console.settings"]
    if kind == "email":
        mail = mailer(settings)
        return (
            MailSender(mail, domain_of(settings.mail_from), recipient) if isinstance(mail, SmtpMailer) else NullSender()
        )
    try:
        url = crypto.unseal(address)
        if kind == "slack":
            return SlackSender(egress.guard(), url)
        return WebhookSender(egress.guard(), url, crypto.unseal(signing_key))
    except crypto.Sealed as error:
        raise Undelivered(str(error), refused=True) from None


def check_address(url: str) -> str:
    """The host of an address that may be called; raises Invalid for one that may not."""
    try:
        egress.guard().check(url)
        return egress.target_of(url).host
    except egress.Refused as refused:
        raise Invalid("This address cannot be called.", errors=[Fault("/url", str(refused))]) from None


def beat(url: str) -> None:
    """Ping the outward heartbeat; raises Undelivered when it was not heard."""
    try:
        reply = egress.guard().request("GET", url)
    except (egress.Refused, egress.Failed) as error:
        raise Undelivered(str(error)) from None
    _judge(reply, "")


def _post(guard: egress.Guard, url: str, body: bytes, headers: Mapping[str, str]) -> egress.Reply:
    try:
        return guard.request("POST", url, body=body, headers={"Content-Type": "application/json", **headers})
    except egress.Refused as refused:
        raise Undelivered(str(refused), refused=True) from None
    except egress.Failed as failed:
        raise Undelivered(str(failed), perhaps=failed.perhaps) from None


def _judge(reply: egress.Reply, word: str) -> None:
    if 200 <= reply.status < 300:  # noqa: PLR2004
        return
    said = f"It answered {reply.status}" + (f" ({word})." if word else ".")
    if 300 <= reply.status < 400:  # noqa: PLR2004
        raise Undelivered(f"{said} Redirects are not followed: give the final address.", refused=True)
    raise Undelivered(said, refused=reply.status in UNWANTED, retry_after=_seconds(reply.headers.get("retry-after")))


def _seconds(retry_after: Any) -> float | None:
    text = str(retry_after or "")
    return float(text) if text.isascii() and text.isdigit() and len(text) < 6 else None  # noqa: PLR2004


def _for_good(code: int) -> bool:
    return 500 <= code < 600  # noqa: PLR2004


def _mail_trouble(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "The mail server did not answer in time."
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return "The mail server ended the connection, or did not answer in time."
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return "The mail server lacks what MAIL_URL asks for (STARTTLS or signing in)."
    return f"No connection to the mail server: {getattr(error, 'strerror', None) or type(error).__name__}."
