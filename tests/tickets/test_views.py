"""Saved views of the queue: one's own and shared ones, by page and by API."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from console.alerts import actions as alerts
from console.alerts.models import SavedView
from console.alerts.rules.views import Wanted
from console.audit.models import AuditEntry
from console.infra.actor import SYSTEM
from console.infra.db import db
from tests.conftest import NOON, Cast, Clock, SignIn
from tests.tickets.conftest import Api, ticket
from tests.tickets.test_queue import shown, words

As = Callable[[str], FlaskClient]
PREMIUM = {"name": "Premium, late", "filter": {"policy": "gold", "state": "breached"}}


@pytest.fixture
def as_(client: FlaskClient, cast: Cast, sign_in: SignIn, api: Api) -> As:
    api("PUT", "/tickets/zendesk/1", ticket(assignee="vi@example.com"), 201)
    alerts.create_view(Wanted("Noise", {"severity": "critical"}, "worst", None), by=SYSTEM, at=NOON)
    people = {"olu": cast.olu, "vi": cast.vi, "max": cast.max_}
    return lambda who: sign_in(client, people[who])


def save(client: FlaskClient, name: str, query: str = "organization=Acme", **form: str) -> int:
    return client.post(f"/tickets/views?{query}", data={"name": name, **form}).status_code


def stored() -> dict[str, SavedView]:
    db.session.expire_all()
    rows = select(SavedView).where(SavedView.list == "tickets")
    return {view.name: view for view in db.session.scalars(rows)}


def current(page: str) -> str:
    """The tab that is shown."""
    return words(page.split('aria-label="Views"')[1].split('aria-current="page">')[1].split("</a>", maxsplit=1)[0])


def test_everybody_has_four_from_the_start(as_: As) -> None:
    page = shown(as_("vi"), "/tickets?state=paused")
    assert all(name in words(page) for name in ("Next to break", "Mine 1", "Of nobody", "Waiting"))
    assert current(page) == "Waiting"
    assert "Save this view" not in page
    assert "Noise" not in page
    assert "/tickets?assignee=vi@example.com" in page


def test_a_queue_is_saved_for_oneself(as_: As) -> None:
    vi = as_("vi")
    assert "Save this view" in shown(vi, "/tickets?organization=Acme")
    assert "Sharing needs the manager or the responder role" in shown(vi, "/tickets/views/new?organization=Acme")
    assert save(vi, " Acme ", "organization=Acme&state=breached&colour=red") == 303
    view = stored()["Acme"]
    assert (view.owner, view.filter, view.sort) == (
        "vi@example.com", {"organization": "Acme", "state": "breached"}, "due",
    )  # fmt: skip
    assert current(shown(vi, "/tickets?state=breached&organization=Acme")) == "Acme (only you see it)"
    assert "state breached · organization Acme" in words(shown(vi, "/tickets/views"))
    assert "Acme" not in shown(as_("olu"), "/tickets")
    assert as_("olu").get(f"/tickets/views/{view.id}/edit").status_code == 404
    assert as_("vi").get(f"/alerts/views/{view.id}/edit").status_code == 404


@pytest.mark.parametrize("who", ["max", "olu"])
def test_managers_and_responders_share(as_: As, who: str) -> None:
    refused = as_("vi").post("/tickets/views?organization=Acme", data={"name": "Ours", "shared": "on"})
    assert (refused.status_code, "manager or responder role" in refused.text) == (422, True)
    assert save(as_(who), "Ours", shared="on") == 303
    view = stored()["Ours"]
    assert view.owner is None
    vi = as_("vi")
    assert "Ours" in shown(vi)
    assert vi.post(f"/tickets/views/{view.id}/delete").status_code == 403
    assert stored().keys() == {"Ours"}


def test_a_view_is_changed_and_deleted(as_: As) -> None:
    vi = as_("vi")
    save(vi, "Acme")
    view = stored()["Acme"]
    form = shown(vi, f"/tickets/views/{view.id}/edit")
    assert 'name="organization" value="Acme"' in form
    assert "It shows: organization Acme" in form
    assert vi.post(f"/tickets/views/{view.id}", data={"name": "Ours", "organization": "Acme"}).status_code == 303
    assert {name: found.filter for name, found in stored().items()} == {"Ours": {"organization": "Acme"}}
    assert vi.post(f"/tickets/views/{view.id}/delete").status_code == 303
    assert stored() == {}
    told = [
        (entry.action, entry.details["list"])
        for entry in db.session.scalars(
            select(AuditEntry).where(AuditEntry.object_kind == "view").order_by(AuditEntry.id)
        )
    ]
    assert told[1:] == [("view.created", "tickets"), ("view.changed", "tickets"), ("view.deleted", "tickets")]


@pytest.mark.parametrize(
    ("name", "query"), [("", "state=ok"), ("x" * 61, "state=ok"), ("Waiting", "state=ok"), ("Good", "")]
)
def test_what_will_not_do_comes_back_with_its_fault(as_: As, name: str, query: str) -> None:
    again = as_("vi").post(f"/tickets/views?{query}", data={"name": name})
    assert again.status_code == 422
    assert 'aria-invalid="true"' in again.text
    assert stored() == {}


def test_a_name_is_taken_once_in_each_list(as_: As) -> None:
    olu = as_("olu")
    assert save(olu, "Noise", shared="on") == 303
    assert save(olu, "Noise", shared="on") == 422


def test_me_is_whoever_looks(as_: As, api: Api) -> None:
    mine = {"name": "My late ones", "filter": {"assignee": "me", "state": "breached"}}
    api("POST", "/ticket-views", mine, 201)
    assert "/tickets?state=breached&assignee=vi@example.com" in shown(as_("vi"))
    assert "/tickets?state=breached&assignee=olu@example.com" in shown(as_("olu"))


def test_the_api_keeps_views_in_one_shape(api: Api, cast: Cast, clock: Clock) -> None:
    noise = api("POST", "/views", {"name": "Noise", "filter": {"q": "x"}}, 201)
    made = api("POST", "/ticket-views", PREMIUM, 201)
    assert (made["filter"], made["owner"]) == (PREMIUM["filter"], None)
    assert made["url"].endswith("/tickets?state=breached&policy=gold")
    own = api("POST", "/ticket-views", {**PREMIUM, "owner": "vi@example.com"}, 201)
    assert [view["id"] for view in api("GET", "/ticket-views", status=200)["items"]] == [own["id"], made["id"]]
    assert [view["id"] for view in api("GET", "/views", status=200)["items"]] == [noise["id"]]
    put = api("PUT", f"/ticket-views/{made['id']}", {"name": "Later", "filter": {"source": "zendesk"}}, 200)
    assert (put["name"], put["filter"]) == ("Later", {"source": "zendesk"})
    assert api("GET", f"/ticket-views/{made['id']}", status=200) == put
    api("GET", f"/ticket-views/{noise['id']}", status=404)
    api("GET", f"/views/{made['id']}", status=404)
    api("DELETE", f"/ticket-views/{made['id']}", status=204)
    api("GET", f"/ticket-views/{made['id']}", status=404)


@pytest.mark.parametrize(
    ("body", "at"),
    [
        ({"filter": {"state": "ok"}}, "/name"),
        ({"name": "A", "filter": {"colour": "red"}}, "/filter/colour"),
        ({"name": "A", "filter": {"state": "late"}}, "/filter/state"),
        ({"name": "A", "filter": {}}, "/filter"),
        ({"name": "A", "filter": {"state": "ok"}, "owner": "nobody@example.com"}, "/owner"),
    ],
)
def test_a_bad_view_is_told(api: Api, body: dict[str, object], at: str) -> None:
    assert [error["pointer"] for error in api("POST", "/ticket-views", body, 422)["errors"]] == [at]


def test_a_name_is_taken_once(api: Api) -> None:
    api("POST", "/ticket-views", PREMIUM, 201)
    api("POST", "/ticket-views", PREMIUM, 409)
