"""The pages of SLA policies: all of them in the order in which they are asked, and one with its versions."""

from typing import Any, Final

from flask import Response, request, url_for

from console.infra.actor import Role
from console.tickets.models import PolicyVersion, SlaPolicy
from console.tickets.queries import promises as reads
from console.tickets.queries import versions
from console.tickets.rules import policy, written
from console.tickets.views.blueprint import bp
from console.tickets.views.calendars import ROOMS, may_change
from console.tickets.views.policy_form import CLOCK_WORDS, risk_text
from console.web import live
from console.web.auth import requires
from console.web.htmx import page

LISTED: Final = 100


@bp.get("/tickets/policies")
@requires(Role.VIEWER)
def policies() -> Response:
    """Policies in the order in which they are asked."""
    return live.not_modified(*ROOMS) or page("tickets/policies.html", "policy_list", **listing())


@bp.get("/tickets/policies/<name>")
@requires(Role.VIEWER)
def policy_page(name: str) -> Response:
    """One policy as it holds."""
    if unchanged := live.not_modified(*ROOMS):
        return unchanged
    found = reads.get_policy(name)
    return page("tickets/policy.html", "policy_board", **_one(found, reads.policy_version(found)))


@bp.get("/tickets/policies/<name>/versions/<int:number>")
@requires(Role.VIEWER)
def policy_version(name: str, number: int) -> Response:
    """One policy as it was."""
    found = reads.get_policy(name)
    return page("tickets/policy.html", **_one(found, versions.policy_at(found, number)))


def listing() -> dict[str, Any]:
    """Everything the list shows."""
    found = reads.policies(limit=LISTED, cursor=request.args.get("cursor"))
    known = versions.current_policies(found.items)
    return {
        "rows": [
            (one, known[one.id], versions.open_by_policy(one.id), _told(known[one.id].body)) for one in found.items
        ],
        "more": url_for(".policies", cursor=found.next_cursor) if found.next_cursor else "",
        "first": request.args.get("cursor") is None,
        "may_change": may_change(),
        "clocks": CLOCK_WORDS,
        "edit": versions.latest_edit(),
    }


def _one(found: SlaPolicy, version: PolicyVersion) -> dict[str, Any]:
    return {
        "policy": found,
        "version": version,
        "current": version.number == found.version,
        "told": _told(version.body),
        "clocks": CLOCK_WORDS,
        "versions": versions.policy_versions(found),
        "in_use": versions.open_by_policy(found.id),
        "may_change": may_change(),
        "edit": versions.latest_edit(),
    }


def _told(body: dict[str, Any]) -> dict[str, Any]:
    """A policy in words: whom it is for, its targets by priority, when a clock is at risk."""
    targets = sorted(body["targets"].items(), key=lambda pair: pair[0] != policy.DEFAULT)
    return {
        "match": [(name, words) for name in policy.MATCHERS if (words := body["match"].get(name))],
        "targets": [(name, [_target(name, given, clock) for clock in policy.CLOCKS]) for name, given in targets],
        "at_risk": risk_text(body["at_risk"]),
        "paused": body["paused_statuses"],
    }


def _target(priority: str, given: dict[str, float | None], clock: str) -> str:
    if clock not in given:
        return "none" if priority == policy.DEFAULT else ""
    minutes = given[clock]
    return "none" if minutes is None else written.minutes_text(minutes)
