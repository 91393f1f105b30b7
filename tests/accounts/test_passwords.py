"""Passwords: which are good, how they change, and the reset that a mail brings."""

import re
import socket
import socketserver
import threading
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session as DbSession

from console.accounts import actions, jobs
from console.accounts.models import OneTimeLink
from console.audit.models import AuditEntry
from console.infra.crypto import verify_password
from console.infra.errors import Invalid
from console.infra.jobs import Job
from tests.accounts.forms import post, submit
from tests.conftest import PASSWORD, Cast, Clock, SignIn, give_session

NEW = "quiet harbour eleven"


@pytest.mark.parametrize(
    "password",
    ["lagoon tractor seven", " leading and trailing ", "пароль из разных слов", "x7#kQ2pw9!Lm", "a sentence " * 20,
     "correct-horse-battery-staple", "🚜🌊🏔️🎻 four pictures"],
)  # fmt: skip
def test_good_ones_are_taken_as_they_are(password: str) -> None:
    actions.check_password(password)


@pytest.mark.parametrize(
    "password",
    ["", "short", "elevenchars", "password1234567", "qwertyuiop123456", "aaaaaaaaaaaaaa", "123456789012",
     "iloveyouforever", "ada@example.com", "x" * 1025],
)  # fmt: skip
def test_poor_ones_are_refused(password: str) -> None:
    with pytest.raises(Invalid) as refused:
        actions.check_password(password, about=("ada@example.com", "Ada"))
    assert refused.value.errors[0].pointer == "/password"


def test_changing_it_needs_the_one_in_use(
    client: FlaskClient, cast: Cast, sign_in: SignIn, db_session: DbSession
) -> None:
    sign_in(client, cast.vi)
    refused = post(client, "/settings/password", password="wrong", new_password=NEW)
    assert refused.status_code == 422
    assert "This is not your password." in refused.text
    db_session.refresh(cast.vi)
    assert verify_password(cast.vi.password_hash, PASSWORD)


def test_changing_it_signs_every_other_browser_out(
    client: FlaskClient, cast: Cast, sign_in: SignIn, db_session: DbSession
) -> None:
    other = give_session(client.application.test_client(), cast.vi)
    assert other.get("/settings").status_code == 200
    sign_in(client, cast.vi)

    assert post(client, "/settings/password", password=PASSWORD, new_password=NEW).status_code == 303

    db_session.refresh(cast.vi)
    assert verify_password(cast.vi.password_hash, NEW)
    assert client.get("/settings").status_code == 200
    assert other.get("/settings").status_code == 303


def test_a_poor_new_one_changes_nothing(client: FlaskClient, cast: Cast, sign_in: SignIn) -> None:
    sign_in(client, cast.vi)
    refused = post(client, "/settings/password", password=PASSWORD, new_password="password1234567")
    assert refused.status_code == 422
    assert "too easy to guess" in refused.text
    assert 'id="new_password-fault"' in refused.text


def test_somebody_without_one_sets_it_only_while_their_link_is_fresh(
    client: FlaskClient, cast: Cast, sign_in: SignIn, clock: Clock, db_session: DbSession
) -> None:
    cast.vi.password_hash = None
    db_session.commit()
    sign_in(client, cast.vi)
    clock.advance(minutes=10)
    assert post(client, "/settings/password", new_password=NEW).status_code == 422
    give_session(client, cast.vi)
    assert post(client, "/settings/password", new_password=NEW).status_code == 303


def test_confirming_needs_the_right_password(client: FlaskClient, cast: Cast, sign_in: SignIn, clock: Clock) -> None:
    sign_in(client, cast.ada)
    before = client.get_cookie("session")
    clock.advance(minutes=11)
    assert post(client, "/confirm", password="wrong").status_code == 422
    confirmed = post(client, "/confirm", password=PASSWORD, next="//evil.example")
    assert (confirmed.status_code, confirmed.location) == (303, "/")
    assert client.get_cookie("session") != before


@pytest.mark.parametrize("email", ["vi@example.com", "nobody@example.com"])
def test_asking_for_a_reset_answers_everybody_the_same(
    client: FlaskClient, cast: Cast, db_session: DbSession, email: str
) -> None:
    asked = post(client, "/reset", page="/reset", email=email)
    assert asked.status_code == 200
    assert f"If {email} has an account here" in asked.text
    (job,) = db_session.scalars(select(Job))
    assert (job.name, job.args) == ("console.accounts.jobs.answer_reset", [email])
    assert db_session.scalars(select(OneTimeLink)).all() == []


def run_reset(email: str) -> dict[str, bool]:
    return jobs.answer_reset(None, email)  # type: ignore[arg-type]


def test_without_a_mail_server_admins_see_the_request(
    client: FlaskClient, cast: Cast, sign_in: SignIn, db_session: DbSession
) -> None:
    assert run_reset("vi@example.com") == {"answered": False}
    assert run_reset("nobody@example.com") == {"answered": False}
    db_session.commit()

    requests = select(AuditEntry.object_label).where(AuditEntry.action == "reset.requested")
    assert db_session.scalars(requests).all() == ["vi@example.com"]
    assert "1 asked for a link" in sign_in(client, cast.ada).get("/settings/users").text
    shown = post(client, f"/settings/users/{cast.vi.id}/link")
    assert "A link to choose a new password" in shown.text


class Inbox(socketserver.ThreadingTCPServer):
    """A mail server of a few lines, which keeps what it is sent."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        self.mails: list[str] = []
        super().__init__(("127.0.0.1", 0), Conversation)


class Conversation(socketserver.StreamRequestHandler):
    server: Inbox

    def handle(self) -> None:
        self.wfile.write(b"220 inbox\r\n")
        while line := self.rfile.readline():
            verb = line[:4].upper()
            if verb == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                lines = []
                while (part := self.rfile.readline()) != b".\r\n":
                    lines.append(part.decode())
                self.server.mails.append("".join(lines))
            self.wfile.write(b"221 bye\r\n" if verb == b"QUIT" else b"250 ok\r\n")
            if verb == b"QUIT":
                return


@pytest.fixture
def inbox(app: Flask) -> Iterator[Inbox]:
    """A real mail server on this machine, and the settings that lead to it."""
    server = Inbox()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings = app.extensions["console.settings"]
    url = {"mail_url": f"smtp://127.0.0.1:{server.server_address[1]}", "mail_from": "console@example.org"}
    app.extensions["console.settings"] = settings.model_copy(update=url)
    yield server
    app.extensions["console.settings"] = settings
    server.shutdown()
    server.server_close()


def test_a_mail_brings_the_link(client: FlaskClient, cast: Cast, inbox: Inbox, db_session: DbSession) -> None:
    assert "Mail me a link" in client.get("/reset").text
    assert run_reset("vi@example.com") == {"answered": True}
    db_session.commit()

    (mail,) = inbox.mails
    assert "To: vi@example.com" in mail
    found = re.search(r"http://127\.0\.0\.1:8000(/link/\S+)", mail)
    assert found
    assert client.post(found.group(1), data={"password": NEW}).status_code == 303
    again = client.application.test_client()
    assert submit(again, "vi@example.com", NEW).status_code == 303


def test_no_mail_goes_to_strangers_or_the_disabled(cast: Cast, inbox: Inbox, db_session: DbSession) -> None:
    from console.infra.actor import SYSTEM

    actions.change(cast.vi, actions.Changes(disabled=True), by=SYSTEM)
    assert run_reset("vi@example.com") == {"answered": False}
    assert run_reset("nobody@example.com") == {"answered": False}
    assert inbox.mails == []


def test_a_mail_server_that_is_away_fails_the_job(app: Flask, cast: Cast) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
    settings = app.extensions["console.settings"]
    url = {"mail_url": f"smtp://127.0.0.1:{port}", "mail_from": "console@example.org"}
    app.extensions["console.settings"] = settings.model_copy(update=url)
    try:
        with pytest.raises(OSError, match="refused"):
            run_reset("vi@example.com")
    finally:
        app.extensions["console.settings"] = settings
