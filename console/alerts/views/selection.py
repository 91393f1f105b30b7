"""What is done to many alerts of the list at once: those that are ticked, or all that match."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Response, request, url_for

from console.alerts import actions, forms, jobs, queries
from console.alerts.actions import Order
from console.alerts.queries import AlertFilter, alike
from console.alerts.rules.states import Verb
from console.alerts.views.blueprint import bp
from console.alerts.views.lists import BLOCKS, SHOWN, listing
from console.alerts.views.people import people, person
from console.infra import clock
from console.infra import jobs as engine
from console.infra.actor import Role
from console.infra.errors import Fault, Invalid
from console.web import filters, htmx
from console.web.auth import current_actor, requires

DONE: dict[str, str] = {
    Verb.ACKNOWLEDGE: "acknowledged",
    Verb.UNACKNOWLEDGE: "open again",
    Verb.SNOOZE: "snoozed",
    Verb.UNSNOOZE: "awake again",
    Verb.RESOLVE: "resolved",
    "assign": "given away",
    "retry": "retried",
    "merge": "merged",
}
# More takes longer than a page may: a job does it.
AT_ONCE = 500
ASKED_FIRST = frozenset({"assign", "retry"})


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which alerts: their ids, and, when all that match were asked for, how many the page had shown."""

    ids: list[int]
    shown: int | None = None

    @property
    def moved(self) -> bool:
        """Whether other alerts match now than were shown."""
        return self.shown is not None and self.shown != len(self.ids)


@bp.post("/alerts/selection")
@requires(Role.RESPONDER)
def selection() -> Response:
    """Do one verb to every chosen alert for which it makes sense; ask first what must be asked."""
    action, now = _action(), clock.now()
    chosen = _chosen(now)
    if action == "merge" and not chosen.moved:
        return _merge(chosen.ids, now)
    if chosen.moved or (action in ASKED_FIRST and "sure" not in request.form):
        return _ask(action, chosen, now)
    order = _order(action, now)
    if len(chosen.ids) > AT_ONCE:
        return _by_job(chosen.ids, order, now)
    done = actions.move_all(chosen.ids, order, by=current_actor(), at=now)
    undo = url_for("alerts.undo_bulk", bulk_id=done.id, **forms.kept(request.args)) if done.id else ""
    return _list(_said(action, done), undo)


@bp.post("/alerts/bulk/<int:bulk_id>/undo")
@requires(Role.RESPONDER)
def undo_bulk(bulk_id: int) -> Response:
    """Put back those that nobody has touched since, and say how many those are."""
    change, by, now = queries.bulk_for_change(bulk_id), current_actor(), clock.now()
    actions.begin_undo(change, at=now)
    if change.changed > AT_ONCE:
        engine.request(jobs.undo_many, change.id, by=by)
        return _list(f"{filters.plural(change.changed, 'alert')} are being put back, unless somebody touched them.")
    while actions.undo_step(change, by=by, at=now):
        pass
    left = change.changed - change.undone
    told = f" {left:,} left as {'it is' if left == 1 else 'they are'}: changed since." if left else ""
    return _list(f"{filters.plural(change.undone, 'alert')} put back.{told}")


def _action() -> str:
    word = "snooze" if request.form.get("for") else request.form.get("action", "")
    if word not in DONE:
        raise Invalid("Choose what to do.", errors=[Fault("/action", f"“{word}” is none of {', '.join(DONE)}.")])
    return word


def _chosen(now: datetime) -> Chosen:
    shown = request.form.get("all", "")
    if not shown:
        return Chosen(forms.parse_selection(request.form))
    ids = queries.matching_ids(_wanted(), now, cap=actions.MOST)
    if len(ids) > actions.MOST:
        raise Invalid(f"More than {actions.MOST:,} alerts match. Narrow the list first.")
    return Chosen(ids, int(shown) if shown.isdecimal() and len(shown) < 10 else -1)  # noqa: PLR2004


def _wanted() -> AlertFilter:
    wanted = forms.parse_filter(request.args)
    return wanted.only(*(wanted.statuses or SHOWN))


def _order(action: str, now: datetime) -> Order:
    until = forms.parse_snooze(request.form, now, filters.zone()) if action == "snooze" else None
    return Order(action, until, person(request.form.get("user", "")).email if action == "assign" else None)


def _ask(action: str, chosen: Chosen, now: datetime) -> Response:
    """The question with the number of this moment; 409 when the number had moved."""
    jobs_again = _jobs_again(chosen.ids, now) if action == "retry" and not chosen.moved else None
    context: dict[str, Any] = {
        "action": action,
        "chosen": chosen,
        "form": request.form,
        "kept": forms.kept(request.args),
        "people": people() if action == "assign" else [],
        "me": current_actor().label,
        "jobs": jobs_again,
        "number": len(chosen.ids),
    }
    return _asked(htmx.page("alerts/bulk.html", "question", status=409 if chosen.moved else 200, **context))


def _asked(response: Response) -> Response:
    response.headers["HX-Retarget"] = "#ask-body"
    response.headers["HX-Reswap"] = "innerHTML"
    return response


def _merge(ids: list[int], now: datetime) -> Response:
    """Ask which of them takes in the others; then it does."""
    kept = forms.kept(request.args)
    if "into" not in request.form:
        found = alike.all_of(forms.parse_mergeable(ids))
        return _asked(htmx.page("alerts/merge_many.html", "question", found=found, kept=kept))
    into, rest = forms.parse_into(request.form, ids)
    actions.merge(into, rest, by=current_actor(), at=now)
    return _list(f"{filters.plural(len(rest), 'alert')} merged into #{into}. Its page takes each out again.")


def _jobs_again(ids: list[int], now: datetime) -> int:
    if len(ids) > AT_ONCE:
        raise Invalid(f"Jobs of at most {AT_ONCE} alerts are retried at once. Narrow the list first.")
    by = current_actor()
    return sum(actions.retry(queries.get(one), dry_run=True, by=by, at=now).jobs for one in ids)


def _by_job(ids: list[int], order: Order, now: datetime) -> Response:
    by = current_actor()
    change = actions.prepare_bulk(ids, order, by=by, at=now)
    change.job_id = engine.request(jobs.change_many, change.id, by=by).id
    return _list(f"{filters.plural(len(ids), 'alert')} are being {DONE[order.action]}; the page says how far it is.")


def _said(action: str, done: actions.BulkResult) -> str:
    said = f"{filters.plural(done.changed, 'alert')} {DONE[action]}."
    if action == "retry":
        said = f"{filters.plural(done.jobs, 'job')} of {filters.plural(done.changed, 'alert')} run again."
    left = done.matched - done.changed
    return f"{said} {left:,} left as they were: it makes no sense in their state." if left else said


def _list(said: str, undo: str = "") -> Response:
    kept = forms.kept(request.args)
    to = url_for("alerts.index", **kept)
    return htmx.done("alerts/index.html", BLOCKS, to=to, said=said, undo=undo, **listing(kept))
