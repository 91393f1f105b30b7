"""What arrives, in the form of each kind of channel; the signature as docs/telling-people.md prints the check."""

import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from console.infra import clock
from console.infra.transaction import unit
from console.oncall import queries
from console.oncall.actions import setup
from console.oncall.models import Kind
from console.oncall.rules.signing import signature
from console.oncall.rules.wording import line
from tests.oncall.making import ADA, KEY, channel, fail, rule, work
from tests.oncall.peers import HookServer, MailServer

DOCS = Path(__file__).parents[2] / "docs" / "telling-people.md"


def documented_check() -> Any:
    """The function of the documentation, as it stands there."""
    found = re.search(r"```python\n(.+?)```", DOCS.read_text(), re.DOTALL)
    assert found
    made: dict[str, Any] = {}
    exec(found.group(1), made)  # noqa: S102 - it is our own page
    return made["genuine"]


def test_the_documented_check_accepts_what_we_send_and_nothing_else(room: Flask, hooks: HookServer) -> None:
    channel("pager", address=hooks.url, host="127.0.0.1")
    rule("everything", "pager")
    clock.freeze(None)
    fail()
    work()
    (hook,) = hooks.hooks
    genuine = documented_check()
    assert genuine(hook.headers, hook.body, KEY)
    assert not genuine(hook.headers, hook.body + b" ", KEY)
    assert not genuine(hook.headers | {"webhook-id": "other"}, hook.body, KEY)
    old = {"webhook-timestamp": str(int(hook.headers["webhook-timestamp"]) - 400)}
    signed = signature(KEY, hook.headers["webhook-id"], int(old["webhook-timestamp"]), hook.body)
    assert not genuine(hook.headers | old | {"webhook-signature": signed}, hook.body, KEY)


def test_the_signature_is_that_of_the_specification() -> None:
    """The example of the Standard Webhooks specification, 1.0."""
    body = b'{"test": 2432232314}'
    assert (
        signature(KEY, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
        == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    )


def test_a_mail_tells_what_since_when_and_what_next(room: Flask, smtp: MailServer) -> None:
    channel("mail", Kind.EMAIL, recipients=["stranger@example.com"])
    rule("everything", "mail")
    fail(message="total does not match\r\nBcc: eve@example.com", runbook_url="https://runbooks.example.org/invoice")
    work()
    (mail,), (text,) = smtp.mails, smtp.texts()
    assert mail["Subject"] == "[error] billing: ValueError: total does not match"
    assert mail["Bcc"] is None
    for told in ("Service: billing, production", "Task: send_invoice", "Runbook: https://runbooks.example.org/invoice"):
        assert told in text
    assert "https://console.example.org/alerts/1" in text
    assert "Acknowledge with one tap" not in text


def test_no_text_of_strangers_breaks_a_line() -> None:
    assert line("a\r\nBcc: x\u2028b\u202ec\x00  d") == "a Bcc: x b c d"
    assert len(line("x" * 500)) == 160


def test_slack_gets_links_and_no_mark_up_of_strangers(room: Flask, hooks: HookServer) -> None:
    channel("chat", Kind.SLACK, address=hooks.url, host="127.0.0.1")
    rule("everything", "chat")
    fail(message="<!channel> & <https://evil.example|click>")
    work()
    (hook,) = hooks.hooks
    (attachment,) = hook.json["attachments"]
    assert attachment["title_link"] == "https://console.example.org/alerts/1"
    assert attachment["title"] == "ValueError: &lt;!channel&gt; &amp; &lt;https://evil.example|click&gt;"
    assert "<!channel>" not in hook.body.decode()


def test_slack_s_own_word_for_a_refusal_is_told_and_nothing_else(room: Flask, hooks: HookServer) -> None:
    channel("chat", Kind.SLACK, address=hooks.url, host="127.0.0.1")
    for reply, told in ((b"no_service", "It answered 404 (no_service)."), (b"<secret page>", "It answered 404.")):
        hooks.status, hooks.reply = 404, reply
        with unit():
            setup.try_channel(queries.get_channel("chat"), by=ADA, at=clock.now())
        work()
        assert queries.deliveries(limit=1).items[0].error == told


@pytest.mark.parametrize("kind", list(Kind))
def test_a_test_message_arrives_by_every_way(room: Flask, hooks: HookServer, smtp: MailServer, kind: Kind) -> None:
    fields = {"recipients": ["olu@example.com"]} if kind is Kind.EMAIL else {"address": hooks.url, "host": "127.0.0.1"}
    channel("way", kind, enabled=False, **fields)
    with unit():
        (asked,) = setup.try_channel(queries.get_channel("way"), by=ADA, at=clock.now())
        asked_id = asked.id
    work()
    assert queries.get_delivery(asked_id).state == "sent"
    assert len(hooks.hooks) + len(smtp.mails) == 1


def test_a_redirect_is_no_delivery(room: Flask, hooks: HookServer) -> None:
    channel("chat", Kind.SLACK, address=hooks.url, host="127.0.0.1")
    hooks.status, hooks.headers = 302, {"Location": "http://169.254.169.254/"}
    with unit():
        setup.try_channel(queries.get_channel("chat"), by=ADA, at=clock.now())
    work()
    assert "Redirects are not followed" in (queries.deliveries(limit=1).items[0].error or "")
