"""A load shared out among owners: seen before it is done, and done only as it was seen."""

import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from console.audit.models import AuditEntry
from console.infra.actor import Scope
from console.infra.db import db
from tests.conftest import Cast, Clock, SignIn
from tests.tickets.conftest import Api
from tests.tickets.test_queue import aged, id_of, owner_of, queue, shown, words

__all__ = ["queue"]
# Of the queue: Sam has a breached ticket and one on track, Kim a held one, nobody one at risk.


def preview(api: Api, status: int = 200, **body: Any) -> Any:
    return api("POST", "/tickets/sharing/preview", body, status)


def share(api: Api, status: int = 200, **body: Any) -> Any:
    return api("POST", "/tickets/sharing", body, status)


def audited() -> list[tuple[str | None, dict[str, Any]]]:
    rows = select(AuditEntry).where(AuditEntry.action == "ticket.assigned").order_by(AuditEntry.id)
    return [(entry.object_label, entry.details) for entry in db.session.scalars(rows)]


def test_a_preview_says_who_gets_how_many_and_changes_nothing(queue: Api) -> None:
    found = preview(queue, filter={}, owners=["kim", "lee"])
    assert (found["tickets"], found["moves"]) == (4, 3)
    kim, lee = found["owners"]
    # The breached one (three) to Kim, the one at risk (two) and the one on track to Lee; of equals Kim has fewer.
    assert {each["id"]: each["assignee"] for each in found["assignments"]} == {
        id_of("late"): "kim", id_of("risky"): "lee", id_of("fine"): "lee", id_of("held"): "kim",
    }  # fmt: skip
    assert kim["before"] == {"open": 1, "breached": 0, "at_risk": 0, "on_track": 0, "paused": 1, "weight": 0.5}
    assert kim["after"] == {"open": 2, "breached": 1, "at_risk": 0, "on_track": 0, "paused": 1, "weight": 3.5}
    assert (kim["gets"], kim["new"], lee["gets"], lee["new"]) == (2, 1, 2, 2)
    assert lee["before"]["open"] == 0
    assert (owner_of("late"), owner_of("risky")) == ("sam", None)


def test_it_is_done_as_it_was_seen(queue: Api) -> None:
    asked: dict[str, Any] = {"filter": {"assignee": "none"}, "owners": ["sam", "kim"]}
    seen = preview(queue, **asked)
    assert (seen["tickets"], seen["moves"]) == (1, 1)
    assert share(queue, **asked, expect=1, plan=seen["plan"]) == seen
    assert owner_of("risky") == "kim"
    assert audited() == [("zendesk risky", {"from": None, "to": "kim"})]
    # Nothing is left to share.
    assert preview(queue, **asked)["tickets"] == 0


def test_chosen_numbers_leave_what_is_resolved_or_gone(queue: Api) -> None:
    ids = [id_of("late"), id_of("done"), 10**9]
    seen = preview(queue, ids=ids, owners=["lee"])
    assert (seen["tickets"], seen["moves"]) == (1, 1)
    share(queue, ids=ids, owners=["lee"], expect=1, plan=seen["plan"])
    assert (owner_of("late"), owner_of("done")) == ("lee", None)


def test_nothing_is_done_when_the_number_has_moved(queue: Api) -> None:
    asked: dict[str, Any] = {"filter": {"assignee": "none"}, "owners": ["kim"]}
    assert preview(queue, **asked)["tickets"] == 1
    queue("PUT", "/tickets/zendesk/new", aged(1, assignee=None), 201)
    refused = share(queue, 409, **asked, expect=1)
    assert "2 open tickets match now, not 1" in refused["detail"]
    assert (owner_of("risky"), owner_of("new"), audited()) == (None, None, [])


def test_nothing_is_done_when_the_plan_is_another_one(queue: Api) -> None:
    asked: dict[str, Any] = {"filter": {"assignee": "none"}, "owners": ["kim", "lee"]}
    queue("PUT", "/tickets/zendesk/lees", aged(5, assignee="lee"), 201)
    seen = preview(queue, **asked)
    assert [each["assignee"] for each in seen["assignments"]] == ["kim"]
    for number in range(3):
        queue("PUT", f"/tickets/zendesk/kims{number}", aged(5, assignee="kim"), 201)
    refused = share(queue, 409, **asked, expect=1, plan=seen["plan"])
    assert "moved since the preview" in refused["detail"]
    assert owner_of("risky") is None
    # Who does not care which plan it is says only how many.
    assert share(queue, **asked, expect=1)["assignments"] == [{"id": id_of("risky"), "assignee": "lee"}]


def test_a_ticket_counts_where_it_is_now(queue: Api) -> None:
    seen = preview(queue, filter={"assignee": "sam"}, owners=["sam", "kim"])
    # Without what is shared Sam has nothing and Kim a held one: the breached one stays, the other one goes.
    assert {each["id"]: each["assignee"] for each in seen["assignments"]} == {
        id_of("late"): "sam", id_of("fine"): "kim",
    }  # fmt: skip
    assert (seen["tickets"], seen["moves"]) == (2, 1)


@pytest.mark.parametrize(
    ("narrowing", "found"),
    [
        ({}, 4),
        ({"state": "breached"}, 1),
        ({"state": "met"}, 0),
        ({"state": "none"}, 0),
        ({"assignee": "sam"}, 2),
        ({"organization": "Acme"}, 1),
        ({"policy": "gold", "source": "zendesk"}, 4),
        ({"due_within": "11m"}, 2),
        ({"due_before": "2026-11-21T12:00:00Z"}, 1),
        ({"priority": "nobody-has-it"}, 0),
    ],
)
def test_a_filter_is_what_the_queue_shows(queue: Api, narrowing: dict[str, str], found: int) -> None:
    assert preview(queue, filter=narrowing, owners=["kim"])["tickets"] == found


@pytest.mark.parametrize(
    ("body", "at"),
    [
        ({"owners": ["kim"]}, ""),
        ({"owners": ["kim"], "ids": [1], "filter": {}}, ""),
        ({"owners": ["kim"], "ids": []}, "/ids"),
        ({"owners": ["kim"], "ids": list(range(1, 502))}, "/ids"),
        ({"owners": ["kim"], "ids": [0]}, "/ids/0"),
        ({"owners": [], "filter": {}}, "/owners"),
        ({"owners": [f"o{n}" for n in range(51)], "filter": {}}, "/owners"),
        ({"owners": ["  "], "filter": {}}, "/owners"),
        ({"owners": ["a\nb"], "filter": {}}, "/owners"),
        ({"owners": ["x" * 201], "filter": {}}, "/owners"),
        ({"owners": ["kim"], "filter": {"colour": "red"}}, "/filter/colour"),
        ({"owners": ["kim"], "filter": {"due_within": "soon"}}, "/filter/due_within"),
    ],
)
def test_bad_input_is_told(queue: Api, body: dict[str, Any], at: str) -> None:
    for faults in (preview(queue, 422, **body), share(queue, 422, **body, expect=1)):
        assert [fault["pointer"] for fault in faults["errors"]] == [at]
    assert audited() == []


def test_too_many_are_refused(queue: Api) -> None:
    many = [{"source": "zendesk", "external_id": f"m{n}", **aged(1, organization="Big")} for n in range(501)]
    queue("POST", "/tickets", many, 200)
    refused = preview(queue, 422, filter={"organization": "Big"}, owners=["kim"])
    assert "More than 500 open tickets" in refused["detail"]
    share(queue, 422, filter={"organization": "Big"}, owners=["kim"], expect=501)


def form_of(page: str) -> dict[str, Any]:
    """What a browser would send of the question."""
    hidden = dict(re.findall(r'<input type="hidden" name="(expect|plan)" value="([^"]*)"', page))
    owners = re.findall(r'name="owners" value="([^"]*)" checked', page)
    ids = re.findall(r'name="ids" value="(\d+)"', page)
    of = re.findall(r'name="of" value="([^"]*)" checked', page)
    return {**hidden, "owners": owners, **({"ids": ids} if ids else {}), **({"of": of[0]} if of else {})}


@pytest.mark.parametrize("who", ["olu", "max_"])
def test_the_page_shares_what_nobody_has(
    client: FlaskClient, queue: Api, sign_in: SignIn, cast: Cast, who: str
) -> None:
    sign_in(client, getattr(cast, who))
    assert 'href="/tickets/sharing" data-ask' in shown(client)
    asked = shown(client, "/tickets/sharing")
    assert "Share out 1 ticket?" in words(asked)
    assert "What nobody has 1" in words(asked)
    assert "All of this list 4" in words(asked)
    assert "gets 1then 2 open, 1 at risk, 1 paused" in words(asked)
    assert "1 ticket changes hands." in words(asked)
    done = client.post("/tickets/sharing", data={**form_of(asked), "do": "share"}, follow_redirects=True)
    assert "1 ticket changed hands: 1 to kim." in done.get_data(as_text=True)
    assert owner_of("risky") == "kim"


def test_other_owners_are_counted_first(client: FlaskClient, queue: Api, sign_in: SignIn, cast: Cast) -> None:
    sign_in(client, cast.max_)
    form = form_of(shown(client, "/tickets/sharing?organization=Acme"))
    assert form["of"] == "all"
    counted = client.post(
        "/tickets/sharing?organization=Acme", data={"of": "all", "others": " lee , mo ", "do": "count"}
    )
    page = counted.get_data(as_text=True)
    assert counted.status_code == 200
    assert form_of(page)["owners"] == ["lee", "mo"]
    assert "gets 1then 1 open" in words(page)
    assert owner_of("fine") == "sam"
    # Chosen anew, but not counted: nobody has seen that plan.
    refused = client.post("/tickets/sharing?organization=Acme", data={**form, "owners": ["lee"], "do": "share"})
    assert refused.status_code == 409
    assert "moved since the preview" in refused.get_data(as_text=True)
    assert owner_of("fine") == "sam"
    client.post("/tickets/sharing?organization=Acme", data={**form_of(page), "do": "share"})
    assert owner_of("fine") == "lee"


def test_what_was_ticked_is_shared(client: FlaskClient, queue: Api, sign_in: SignIn, cast: Cast) -> None:
    sign_in(client, cast.olu)
    ids = [id_of("late"), id_of("fine"), id_of("done")]
    asked = client.post("/tickets/assignments", data={"ids": ids, "share": "yes"}).get_data(as_text=True)
    assert "Share out 2 tickets?" in words(asked)
    assert "What nobody has" not in words(asked)
    form = form_of(asked)
    assert (form["expect"], set(map(int, form["ids"]))) == ("2", set(ids))
    done = client.post("/tickets/sharing", data={**form, "do": "share"}, follow_redirects=True)
    assert "1 ticket changed hands: 1 to kim." in done.get_data(as_text=True)


def test_a_number_that_moved_shows_the_new_one(client: FlaskClient, queue: Api, sign_in: SignIn, cast: Cast) -> None:
    sign_in(client, cast.max_)
    form = form_of(shown(client, "/tickets/sharing"))
    queue("PUT", "/tickets/zendesk/new", aged(1, assignee=None), 201)
    refused = client.post("/tickets/sharing", data={**form, "do": "share"}, headers={"HX-Request": "true"})
    page = refused.get_data(as_text=True)
    assert (refused.status_code, refused.headers["HX-Retarget"]) == (409, "#sharing")
    assert "2 open tickets match now, not 1" in words(page)
    assert form_of(page)["expect"] == "2"
    done = client.post("/tickets/sharing", data={**form_of(page), "do": "share"})
    assert done.status_code == 303
    assert None not in {owner_of("new"), owner_of("risky")}


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"of": "all"}, "Choose 1 to 50 owners."),
        ({"of": "all", "owners": ["a\nb"]}, "At most 200 printable characters."),
        ({"of": "all", "others": ", ,"}, "Choose 1 to 50 owners."),
    ],
)
def test_the_page_says_what_is_wrong(
    client: FlaskClient, queue: Api, sign_in: SignIn, cast: Cast, form: dict[str, Any], said: str
) -> None:
    sign_in(client, cast.max_)
    counted = client.post("/tickets/sharing", data=form)
    assert (counted.status_code, said in counted.get_data(as_text=True)) == (422, True)
    assert client.post("/tickets/sharing", data={**form, "do": "share", "expect": "4"}).status_code == 422
    assert audited() == []


def test_nothing_to_share_says_so(client: FlaskClient, queue: Api, sign_in: SignIn, cast: Cast) -> None:
    sign_in(client, cast.max_)
    assert "No open ticket is in this list now" in words(shown(client, "/tickets/sharing?state=met"))


def test_nobody_to_give_to_asks_for_a_name(client: FlaskClient, api: Api, sign_in: SignIn, cast: Cast) -> None:
    api.office()
    api("PUT", "/tickets/zendesk/1", aged(1, assignee=None), 201)
    sign_in(client, cast.max_)
    assert "Name who takes them" in words(shown(client, "/tickets/sharing"))


def test_a_viewer_shares_nothing(
    client: FlaskClient, queue: Api, sign_in: SignIn, cast: Cast, token: Any, clock: Clock
) -> None:
    sign_in(client, cast.vi)
    assert "/tickets/sharing" not in shown(client)
    assert client.get("/tickets/sharing").status_code == 403
    assert client.post("/tickets/sharing", data={"owners": ["kim"], "do": "share", "expect": "1"}).status_code == 403
    reader = Api(client, token(Scope.READ))
    asked: dict[str, Any] = {"filter": {}, "owners": ["kim"]}
    assert preview(reader, **asked)["tickets"] == 4
    share(reader, 403, **asked, expect=4)
