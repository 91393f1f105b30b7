"""Saved views: one's own and shared ones, by page and by API."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from console.accounts.models import User
from console.alerts.models import SavedView
from console.audit.models import AuditEntry
from console.infra.actor import Scope
from console.infra.db import db
from tests.alerts.calling import Api, pointers, problem
from tests.alerts.making import alert, noise
from tests.conftest import Cast, Clock, SignIn

As = Callable[[str], FlaskClient]
CRASHES = {"name": "Crashes", "filter": {"severity": ["critical"], "q": "render_pdf"}, "sort": "recent"}


@pytest.fixture
def as_(client: FlaskClient, cast: Cast, sign_in: SignIn, clock: Clock) -> As:
    noise(clock.at)
    people: dict[str, User] = {"olu": cast.olu, "vi": cast.vi, "max": cast.max_}
    return lambda who: sign_in(client, people[who])


@pytest.fixture
def api(client: FlaskClient, cast: Cast, token: Callable[..., str], clock: Clock) -> Api:
    return Api(client, token(Scope.READ, Scope.WRITE))


def save(client: FlaskClient, name: str, **form: str) -> int:
    return client.post("/alerts/views?service=documents&sort=oldest", data={"name": name, **form}).status_code


def stored() -> dict[str, SavedView]:
    return {view.name: view for view in db.session.scalars(select(SavedView))}


def test_everybody_has_four_from_the_start(as_: As) -> None:
    page = as_("vi").get("/alerts?status=open&severity=critical")
    for name in ("Mine", "Open critical", "Unacknowledged over 1 h", "Oldest acknowledged"):
        assert f">{name}<" in page.text
    assert 'aria-current="page">Open critical' in page.text
    assert "Save this view" not in page.text


def test_mine_is_the_readers(as_: As) -> None:
    assert "/alerts?assignee=vi@example.com" in as_("vi").get("/alerts").text


def test_a_list_is_saved_for_oneself(as_: As) -> None:
    vi = as_("vi")
    assert "Save this view" in vi.get("/alerts?service=documents&sort=oldest").text
    assert "Sharing needs the responder role" in vi.get("/alerts/views/new?service=documents").text
    assert save(vi, " Old documents ") == 303
    view = stored()["Old documents"]
    assert (view.owner, view.filter, view.sort) == ("vi@example.com", {"service": "documents"}, "oldest")
    assert 'aria-current="page">Old documents' in vi.get("/alerts?service=documents&sort=oldest").text
    assert "Old documents" not in as_("olu").get("/alerts").text
    assert as_("olu").get(f"/alerts/views/{view.id}/edit").status_code == 404


def test_a_shared_view_is_a_responders_to_make_and_change(as_: As) -> None:
    refused = as_("vi").post("/alerts/views?service=documents", data={"name": "Ours", "shared": "on"})
    assert (refused.status_code, "responder role" in refused.text) == (422, True)
    assert save(as_("olu"), "Ours", shared="on") == 303
    view = stored()["Ours"]
    assert view.owner is None
    vi = as_("vi")
    assert ">Ours<" in vi.get("/alerts").text
    assert vi.post(f"/alerts/views/{view.id}/delete").status_code == 403
    assert vi.post(f"/alerts/views/{view.id}", data={"name": "Mine now", "q": "x"}).status_code == 422
    assert stored().keys() == {"Ours"}


def test_a_view_is_changed_and_deleted(as_: As) -> None:
    olu = as_("olu")
    save(olu, "Ours", shared="on")
    view = stored()["Ours"]
    assert 'name="service" value="documents"' in olu.get(f"/alerts/views/{view.id}/edit").text
    form = {"name": "Theirs", "service": "billing", "q": "period", "shared": "on"}
    assert olu.post(f"/alerts/views/{view.id}", data=form).status_code == 303
    db.session.expire_all()
    assert (view.name, view.filter, view.sort) == ("Theirs", {"service": "billing", "q": "period"}, "worst")
    assert "service billing · period" in olu.get("/alerts/views").text
    assert olu.post(f"/alerts/views/{view.id}/delete").status_code == 303
    assert stored() == {}
    told = [entry.action for entry in db.session.scalars(select(AuditEntry).where(AuditEntry.object_kind == "view"))]
    assert told == ["view.created", "view.changed", "view.deleted"]


@pytest.mark.parametrize("name", ["", "x" * 61, "Mine", "Taken"])
def test_a_name_that_will_not_do_comes_back_with_its_fault(as_: As, name: str) -> None:
    olu = as_("olu")
    save(olu, "Taken")
    again = olu.post("/alerts/views?service=documents", data={"name": name})
    assert again.status_code == 422
    assert 'aria-invalid="true"' in again.text
    assert stored().keys() == {"Taken"}


def test_the_oldest_come_first_when_asked(as_: As, clock: Clock) -> None:
    alert(clock.at, message="the newest of all")
    page = as_("vi").get("/alerts?sort=oldest&status=open").text
    assert page.index("period is open") < page.index("blank page") < page.index("the newest of all")
    assert "seen longest ago first" in page


def test_the_api_keeps_views_in_one_shape(api: Api, cast: Cast) -> None:
    made = api.post("/views", CRASHES).get_json()
    assert made["filter"] == CRASHES["filter"]
    assert made["owner"] is None
    assert made["url"].endswith("/alerts?severity=critical&q=render_pdf&sort=recent")
    own = api.post("/views", {**CRASHES, "owner": "vi@example.com"}).get_json()
    assert [view["id"] for view in api.get("/views").get_json()["items"]] == [own["id"], made["id"]]
    changed = {"name": "Crashes", "filter": {"service": "documents", "status": "open"}, "sort": "worst"}
    put = api.client.put(f"/api/v1/views/{made['id']}", json=changed, headers=api.headers).get_json()
    assert put["filter"] == {"service": ["documents"], "status": ["open"]}
    assert api.get(f"/views/{made['id']}").get_json() == put
    assert api.delete(f"/views/{made['id']}").status_code == 204
    problem(api.get(f"/views/{made['id']}"), 404)


@pytest.mark.parametrize(
    ("body", "at"),
    [
        ({"filter": {"q": "x"}}, "/name"),
        ({"name": "A", "filter": {"colour": "red"}}, "/filter/colour"),
        ({"name": "A", "filter": {"q": "(x"}}, "/q"),
        ({"name": "A", "filter": {"q": "x"}, "sort": "best"}, "/sort"),
        ({"name": "A", "filter": {}}, "/filter"),
        ({"name": "A", "filter": {"q": "x"}, "owner": "nobody@example.com"}, "/owner"),
    ],
)
def test_a_bad_view_is_told(api: Api, body: dict[str, Any], at: str) -> None:
    assert pointers(api.post("/views", body)) == [at]


def test_a_name_is_taken_once(api: Api) -> None:
    assert api.post("/views", CRASHES).status_code == 201
    problem(api.post("/views", CRASHES), 409)


def test_reading_does_not_allow_saving(client: FlaskClient, token: Callable[..., str], clock: Clock) -> None:
    problem(Api(client, token(Scope.READ)).post("/views", CRASHES), 403)
