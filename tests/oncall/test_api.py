"""The API of channels, routing rules and deliveries, as programs use it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from console.audit.models import AuditEntry
from console.infra import crypto
from console.infra.actor import Scope
from console.infra.db import db
from console.oncall.models import Channel
from tests.conftest import Clock
from tests.oncall.making import KEY, allow_loopback

Send = Callable[..., TestResponse]
HOOK = {"kind": "webhook", "url": "http://127.0.0.1:8099/hook?key=canary-4711", "secret": KEY}
MAIL = {"kind": "email", "recipients": ["Olu@Example.com", "ada@example.com"]}


@pytest.fixture
def send(app: Flask, client: FlaskClient, token: Callable[..., str], clock: Clock) -> Iterator[Send]:
    """`send("put", "/channels/pager", {...})` with a token that may do everything here, or with given scopes."""
    before = allow_loopback(app)
    known: dict[Any, str] = {}

    def ask(method: str, path: str, json: Any = None, *scopes: Scope) -> TestResponse:
        scopes = scopes or (Scope.READ, Scope.ADMIN)
        secret = known.setdefault(scopes, token(*scopes))
        headers = {"Authorization": f"Bearer {secret}"}
        return client.open(f"/api/v1{path}", method=method.upper(), json=json, headers=headers)

    yield ask
    app.extensions["console.settings"] = before


def faults(reply: TestResponse) -> list[str]:
    assert reply.status_code == 422, reply.text
    return [fault["pointer"] for fault in reply.json["errors"]] if reply.json else []


def test_a_channel_is_made_read_changed_and_deleted(send: Send) -> None:
    made = send("put", "/channels/pager", HOOK)
    assert made.status_code == 201
    assert made.json
    assert made.json == send("get", "/channels/pager").json
    assert (made.json["kind"], made.json["host"], made.json["enabled"]) == ("webhook", "127.0.0.1", True)
    changed = send("put", "/channels/pager", {"kind": "webhook", "enabled": False})
    assert (changed.status_code, changed.json and changed.json["enabled"]) == (200, False)
    assert [one["name"] for one in send("get", "/channels").json["items"]] == ["pager"]  # type: ignore[index]
    assert send("delete", "/channels/pager").status_code == 204
    assert send("get", "/channels/pager").status_code == 404


def test_secrets_are_sealed_and_never_said(send: Send) -> None:
    send("put", "/channels/pager", HOOK)
    stored = db.session.scalars(select(Channel)).one()
    assert stored.address is not None
    assert "canary" not in stored.address
    assert crypto.unseal(stored.address) == HOOK["url"]
    said = send("get", "/channels/pager").text + send("get", "/channels").text
    trail = "".join(str(entry.details) for entry in db.session.scalars(select(AuditEntry)))
    for secret in ("canary-4711", KEY):
        assert secret not in said + trail


def test_mail_addresses_are_tidied(send: Send) -> None:
    made = send("put", "/channels/team", MAIL)
    assert made.json
    assert made.json["recipients"] == ["olu@example.com", "ada@example.com"]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"kind": "pigeon"}, "/kind"),
        ({"kind": "email"}, "/recipients"),
        ({"kind": "email", "recipients": ["olu@example.com\nBcc: x@example.com"]}, "/recipients/0"),
        ({"kind": "email", "recipients": ["nobody"]}, "/recipients/0"),
        ({"kind": "webhook", "url": "http://127.0.0.1:8099/"}, "/secret"),
        ({"kind": "webhook", "secret": KEY}, "/url"),
        ({"kind": "slack"}, "/url"),
        ({"kind": "slack", "url": "http://10.0.0.8/hook"}, "/url"),
        ({"kind": "slack", "url": "http://169.254.169.254/latest/meta-data/"}, "/url"),
        ({"kind": "slack", "url": "file:///etc/passwd"}, "/url"),
        ({"kind": "webhook", "url": "http://127.0.0.1:8099/", "secret": "short"}, "/secret"),
        ({"kind": "email", "recipients": ["a@example.com"], "colour": "red"}, "/colour"),
    ],
)
def test_a_channel_that_cannot_work_is_refused_with_its_fault(send: Send, body: dict[str, Any], pointer: str) -> None:
    assert faults(send("put", "/channels/pager", body)) == [pointer]
    assert send("get", "/channels/pager").status_code == 404


@pytest.mark.parametrize("name", ["Pager", "a b", "ü", "x" * 64, "-dash"])
def test_a_name_must_fit_into_an_address(send: Send, name: str) -> None:
    assert faults(send("put", f"/channels/{name}", MAIL)) == ["/name"]


def test_the_kind_of_a_channel_stays(send: Send) -> None:
    send("put", "/channels/pager", HOOK)
    assert send("put", "/channels/pager", MAIL).status_code == 409


def test_a_channel_that_a_rule_names_stays(send: Send) -> None:
    send("put", "/channels/pager", HOOK)
    send("put", "/routing-rules/all", {"channels": ["pager"]})
    refused = send("delete", "/channels/pager")
    assert (refused.status_code, "all" in refused.text) == (409, True)


def test_rules_keep_their_order(send: Send) -> None:
    send("put", "/channels/pager", HOOK)
    for name in ("first", "second", "third"):
        assert send("put", f"/routing-rules/{name}", {"channels": ["pager"]}).status_code == 201
    wanted = {"channels": ["pager"], "position": 1, "severities": ["critical"], "tags": {"team": "docs"}}
    moved = send("put", "/routing-rules/third", wanted | {"renotify_minutes": 15, "services": ["bill*"]})
    assert moved.json
    assert moved.json == send("get", "/routing-rules/third").json
    assert {key: moved.json[key] for key in wanted} == wanted
    listed = send("get", "/routing-rules?limit=2").json
    assert listed
    assert [one["name"] for one in listed["items"]] == ["third", "first"]
    rest = send("get", f"/routing-rules?cursor={listed['next_cursor']}").json
    assert rest
    assert [(one["name"], one["position"]) for one in rest["items"]] == [("second", 3)]
    assert send("delete", "/routing-rules/third").status_code == 204
    assert [one["position"] for one in send("get", "/routing-rules").json["items"]] == [1, 2]  # type: ignore[index]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"channels": []}, "/channels"),
        ({"channels": ["nobody"]}, "/channels"),
        ({"channels": ["pager"], "severities": ["loud"]}, "/severities/0"),
        ({"channels": ["pager"], "renotify_minutes": 0}, "/renotify_minutes"),
        ({"channels": ["pager"], "services": ["x" * 201]}, "/services/0"),
        ({"channels": ["pager"], "tags": {"team": "a\u0000b"}}, "/tags/team"),
    ],
)
def test_a_rule_that_cannot_work_is_refused_with_its_fault(send: Send, body: dict[str, Any], pointer: str) -> None:
    send("put", "/channels/pager", HOOK)
    assert faults(send("put", "/routing-rules/all", body)) == [pointer]


def test_a_test_leaves_a_delivery_to_look_at(send: Send) -> None:
    send("put", "/channels/team", MAIL)
    asked = send("post", "/channels/team/test")
    assert asked.status_code == 202
    assert asked.json
    one = send("get", f"/deliveries/{asked.json['deliveries'][0]}").json
    assert one
    assert (one["purpose"], one["state"], one["recipient"], one["tries"]) == ("test", "waiting", "olu@example.com", [])
    listed = send("get", "/deliveries?state=waiting&channel=team").json
    assert listed
    assert len(listed["items"]) == 2
    assert send("get", "/deliveries?state=sent").json["items"] == []  # type: ignore[index]
    assert send("post", f"/deliveries/{one['id']}/retry").status_code == 409


def test_each_change_is_in_the_trail(send: Send) -> None:
    send("put", "/channels/pager", HOOK)
    send("post", "/channels/pager/test")
    send("put", "/routing-rules/all", {"channels": ["pager"]})
    send("delete", "/routing-rules/all")
    send("delete", "/channels/pager")
    found = [entry.action for entry in db.session.scalars(select(AuditEntry).order_by(AuditEntry.id))]
    told = [action for action in found if action.startswith(("channel", "routing"))]
    assert told == [
        "channel.created",
        "channel.tested",
        "routing_rule.created",
        "routing_rule.deleted",
        "channel.deleted",
    ]


@pytest.mark.parametrize("scope", [Scope.READ, Scope.WRITE, Scope.INGEST])
def test_only_the_scope_admin_changes_anything(send: Send, scope: Scope) -> None:
    for method, path, body in (
        ("put", "/channels/pager", HOOK),
        ("delete", "/channels/pager", None),
        ("post", "/channels/pager/test", None),
        ("put", "/routing-rules/all", {"channels": ["pager"]}),
        ("delete", "/routing-rules/all", None),
        ("post", "/deliveries/1/retry", None),
    ):
        assert send(method, path, body, scope).status_code == 403


def test_it_is_described(send: Send) -> None:
    paths = send("get", "/openapi.json").json["paths"]  # type: ignore[index]
    for path in ("/channels/{name}", "/routing-rules/{name}"):
        assert {"get", "put", "delete"} <= set(paths[path])
    assert "post" in paths["/channels/{name}/test"]
    assert "get" in paths["/deliveries"]
