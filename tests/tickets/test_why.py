"""Why a deadline is where it is: days, holidays, holds and versions that add up to it."""

from tests.tickets.conftest import Api
from tests.tickets.making import calendar_body, policy_body

EVENTS = [
    {"id": "1", "at": "2026-11-13T15:00:00Z", "type": "status", "status": "pending"},
    {"id": "2", "at": "2026-11-16T10:00:00Z", "type": "status", "status": "open"},
]


def test_it_tells_each_day_until_the_deadline(api: Api) -> None:
    holidays = [{"date": "2026-11-17", "name": "Founders' day"}]
    exceptions = {"2026-11-18": [["09:00", "11:00"]]}
    api("PUT", "/sla/calendars/office", calendar_body(holidays=holidays, exceptions=exceptions), 201)
    api("PUT", "/sla/policies/gold", policy_body(targets={"default": {"resolution": 660}}), 201)
    ticket = {"subject": "Slow", "created_at": "2026-11-13T14:00:00Z", "events": EVENTS}
    due = api("PUT", "/tickets/zendesk/9", ticket, 201)["sla"]["resolution"]["due_at"]
    told = api("GET", "/sla/explanations/zendesk/9", status=200)
    assert (told["policy"], told["policy_version"], told["calendar_version"]) == ("gold", 1, 1)
    assert told["end"] == due == "2026-11-19T10:00:00Z"
    shown = [(day["day"], day["holiday"], day["exception"], day["total_minutes"]) for day in told["days"]]
    assert shown == [
        ("2026-11-13", None, False, 60),
        ("2026-11-14", None, False, 60),
        ("2026-11-15", None, False, 60),
        ("2026-11-16", None, False, 480),
        ("2026-11-17", "Founders' day", False, 480),
        ("2026-11-18", None, True, 600),
        ("2026-11-19", None, False, 660),
    ]
    friday = [(part["minutes"], part["held"]) for part in told["days"][0]["parts"]]
    assert friday == [(60, None), (120, "pending")]


def test_a_paused_clock_is_told_until_now_and_one_that_never_ran_is_not(api: Api) -> None:
    api.office()
    api("PUT", "/tickets/zendesk/9", {"subject": "x", "created_at": "2026-11-21T10:00:00Z", "status": "pending"}, 201)
    told = api("GET", "/sla/explanations/zendesk/9?clock=first_response", status=200)
    assert (told["end"], told["days"][-1]["total_minutes"]) == ("2026-11-21T12:00:00Z", 120)
    api("GET", "/sla/explanations/zendesk/9?clock=next_response", status=404)
    api("GET", "/sla/explanations/zendesk/8", status=404)
    api("GET", "/sla/explanations/zendesk/9?clock=tea", status=422)
