"""Mail over a real server: what is sent, and what a server that hangs or drips can do."""

import socket
import threading
import time
from smtplib import SMTPNotSupportedError, SMTPResponseException

import pytest

from console.infra.mail import SmtpMailer
from tests.oncall.peers import mail_server, text_of

SENDER = "console@example.org"


def test_it_sends_plain_text_with_its_headers() -> None:
    with mail_server() as server:
        SmtpMailer(server.url, SENDER).send("olu@example.com", "Grüße", "Zeile eins\nzwei\n", {"Message-ID": "<1@x>"})
    (mail,) = server.mails
    assert (mail["From"], mail["To"], mail["Message-ID"]) == (SENDER, "olu@example.com", "<1@x>")
    assert mail["Auto-Submitted"] == "auto-generated"
    assert text_of(mail).splitlines() == ["Zeile eins", "zwei"]


def test_a_line_break_in_a_subject_forges_no_header() -> None:
    with mail_server() as server, pytest.raises(ValueError, match=r"newline|linefeed"):
        SmtpMailer(server.url, SENDER).send("olu@example.com", "x\r\nBcc: eve@example.com", "y")
    assert server.mails == []


def test_a_refusal_is_told_with_its_code() -> None:
    with mail_server(answer="554 no") as server, pytest.raises(SMTPResponseException) as refused:
        SmtpMailer(server.url, SENDER).send("olu@example.com", "x", "y")
    assert refused.value.smtp_code == 554


def test_a_password_never_goes_out_in_the_clear() -> None:
    with mail_server() as server:
        url = server.url.replace("smtp://", "smtp://olu:secret@")
        with pytest.raises(SMTPNotSupportedError):
            SmtpMailer(url, SENDER).send("olu@example.com", "x", "y")


def test_a_server_that_hangs_is_left_in_time() -> None:
    with mail_server(hang=20) as server:
        began = time.monotonic()
        with pytest.raises(OSError, match=r".*"):
            SmtpMailer(server.url, SENDER, seconds=0.5).send("olu@example.com", "x", "y")
        assert time.monotonic() - began < 3


def test_a_server_that_drips_its_greeting_is_left_in_time() -> None:
    def drip(listener: socket.socket) -> None:
        peer, _ = listener.accept()
        try:
            for _ in range(100):
                peer.sendall(b"220-still here\r\n")
                time.sleep(0.05)
        except OSError:
            return
        finally:
            peer.close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=drip, args=(listener,), daemon=True).start()
        began = time.monotonic()
        with pytest.raises(OSError, match=r".*"):
            SmtpMailer(f"smtp://127.0.0.1:{listener.getsockname()[1]}", SENDER, seconds=0.5).send("a@b.c", "x", "y")
        assert time.monotonic() - began < 3
