"""What admins do to policies: write them, look at what a save would do, save, order, delete."""

from typing import Any, Final

from flask import Response, make_response, redirect, request, url_for

from console.infra import clock
from console.infra.actor import Role
from console.infra.errors import Invalid
from console.infra.paging import MAX_LIMIT
from console.tickets import jobs
from console.tickets.actions import ordering, promises
from console.tickets.models import SlaPolicy
from console.tickets.queries import promises as reads
from console.tickets.queries import versions
from console.tickets.views import dry_runs
from console.tickets.views import policy_form as form
from console.tickets.views.blueprint import bp
from console.tickets.views.policies import listing
from console.web import htmx
from console.web.auth import current_actor, requires

TEMPLATE: Final = "tickets/policy_form.html"


@bp.get("/tickets/new-policy")
@requires(Role.ADMIN)
def new_policy() -> Response:
    """Usual targets to begin with."""
    return _form(None, form.blank())


@bp.post("/tickets/new-policy")
@requires(Role.ADMIN)
def create_policy() -> Response:
    """Look at what it would do, or make it."""
    return _pressed(None)


@bp.get("/tickets/policies/<name>/edit")
@requires(Role.ADMIN)
def edit_policy(name: str) -> Response:
    """The form with what holds."""
    found = reads.get_policy(name)
    return _form(found, form.stored(found, reads.policy_version(found).body))


@bp.post("/tickets/policies/<name>/edit")
@requires(Role.ADMIN)
def change_policy(name: str) -> Response:
    """Look at what it would do, or save it."""
    return _pressed(reads.get_policy(name))


@bp.post("/tickets/policies/<name>/earlier")
@requires(Role.ADMIN)
def move_policy_up(name: str) -> Response:
    """Ask it one place earlier."""
    return _moved(name, up=True)


@bp.post("/tickets/policies/<name>/later")
@requires(Role.ADMIN)
def move_policy_down(name: str) -> Response:
    """Ask it one place later."""
    return _moved(name, up=False)


@bp.get("/tickets/policies/<name>/deletion")
@requires(Role.ADMIN)
def policy_deletion(name: str) -> Response:
    """The question, with what it would do."""
    found = reads.get_policy(name)
    in_use, ran = versions.open_by_policy(found.id), None
    if in_use <= jobs.PREVIEW_AT_ONCE:
        asked = jobs.ask_preview(jobs.DELETION, found.name, None, {}, by=current_actor())
        ran = dry_runs.shown(asked)
    return htmx.page("tickets/policy_deletion.html", "question", policy=found, in_use=in_use, ran=ran)


@bp.post("/tickets/policies/<name>/delete")
@requires(Role.ADMIN)
def delete_policy(name: str) -> Response:
    """Delete it."""
    rebuild = promises.delete_policy(reads.get_policy(name), by=current_actor(), at=clock.now())
    jobs.carry_on(rebuild, by=current_actor())
    htmx.toast(f"Policy {name} is deleted. {dry_runs.told(rebuild)}")
    return make_response(redirect(url_for(".policies"), 303))


def _moved(name: str, *, up: bool) -> Response:
    found, by = reads.get_policy(name), current_actor()
    rebuild = ordering.move(found, up=up, by=by, at=clock.now())
    jobs.carry_on(rebuild, by=by)
    back = url_for(".move_policy_down" if up else ".move_policy_up", name=name)
    said = f"{name} is asked {'earlier' if up else 'later'} now. {dry_runs.told(rebuild)}"
    if rebuild is None:
        said, back = f"{name} is asked {'first' if up else 'last'} already.", ""
    to = url_for(".policies")
    return htmx.done("tickets/policies.html", "policy_list", to=to, said=said, undo=back, **listing())


def _pressed(found: SlaPolicy | None) -> Response:
    given, by = form.typed(request.form), current_actor()
    try:
        name, position, wanted = _wanted(found, given)
        told = {"name": name, "position": position, **wanted}
        save = request.form.get("do") == "save"
        if save and dry_runs.seen(request.form, told):
            return _save(name, position, wanted)
        ran = dry_runs.asked(request.form) or jobs.ask_preview(jobs.POLICY, name, position, wanted, by=by)
    except Invalid as refusal:
        return _form(found, given, refusal=refusal)
    said = dry_runs.MOVED if save else ""
    return _form(found, given, said=said, ran=dry_runs.shown(ran), looked=dry_runs.digest(told))


def _wanted(found: SlaPolicy | None, given: dict[str, Any]) -> tuple[str, int | None, dict[str, Any]]:
    name = found.name if found else dry_runs.named(given, "policy", reads.find_policy)
    if found is not None:
        dry_runs.check_version(found, given, saved_by=reads.policy_version(found).saved_by)
    position, wanted = form.body_of(given)
    promises.named_calendar(wanted["calendar"])
    return name, position, wanted


def _save(name: str, position: int | None, wanted: dict[str, Any]) -> Response:
    saved = promises.put_policy(name, position, wanted, by=current_actor(), at=clock.now())
    return dry_runs.after_save(saved, reads.get_policy(name).version, url_for(".policy_page", name=name))


def _form(
    found: SlaPolicy | None,
    given: dict[str, Any],
    *,
    said: str = "",
    refusal: Invalid | None = None,
    ran: dry_runs.Ran | None = None,
    looked: str = "",
) -> Response:
    calendars = [each.name for each in reads.calendars(limit=MAX_LIMIT).items]
    if given["calendar"] and given["calendar"] not in calendars:
        calendars.append(given["calendar"])
    return htmx.page(
        TEMPLATE,
        status=refusal.status if refusal else 200,
        policy=found,
        typed=given,
        said=said,
        faults=form.by_field(refusal) if refusal else {},
        calendars=[(name, name) for name in calendars],
        clocks=form.CLOCK_WORDS,
        ran=ran,
        looked=looked,
        in_use=versions.open_by_policy(found.id) if found else 0,
    )
