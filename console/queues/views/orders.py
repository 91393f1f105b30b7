"""The pages of orders: an alert's jobs, the question with its number, and what became of each job."""

from typing import Any

from flask import Response, request, url_for

from console.alerts import queries as alert_queries
from console.infra.actor import Role
from console.infra.errors import Fault, Invalid
from console.queues import actions, queries
from console.queues.jobs.asking import Target, look
from console.queues.jobs.asking import order as ask_for
from console.queues.rules.orders import WORDS, Action, Outcome
from console.queues.views.blueprint import bp
from console.web import filters, htmx, live
from console.web.auth import current_actor, requires

ROOMS = ("queues", "alerts")
# Reasons told one by one in a question.
REASONS = 20


@bp.get("/queues/alerts/<int:alert_id>/jobs")
@requires(Role.VIEWER)
def alert_jobs(alert_id: int) -> Response:
    """Where the failed jobs of an alert are, what may be done with them, and what was."""
    alert = alert_queries.get(alert_id)
    found, orders = look(Target(alert.id)), queries.orders_page(limit=20, cursor=None, alert_id=alert.id)
    context: dict[str, Any] = {
        "alert": alert,
        "found": found,
        "refused": found.refused[:REASONS],
        "orders": orders.items,
    }
    return htmx.page("queues/alert_jobs.html", **context, may_act=_may_act())


@bp.get("/queues/orders")
@requires(Role.VIEWER)
def orders() -> Response:
    """What was asked, newest first."""
    if unchanged := live.not_modified(*ROOMS):
        return unchanged
    found = queries.orders_page(limit=50, cursor=request.args.get("cursor"))
    older = url_for(".orders", cursor=found.next_cursor) if found.next_cursor else ""
    return htmx.page("queues/orders.html", "order_list", orders=found.items, older=older)


@bp.get("/queues/orders/new")
@requires(Role.RESPONDER)
def ask_order() -> Response:
    """Ask, with the number of this moment."""
    action, target = _action(request.args.get("action", "")), _target(request.args)
    found = look(target)
    context: dict[str, Any] = {"action": action, "target": target, "found": found, "refused": found.refused[:REASONS]}
    return htmx.page("queues/order_new.html", "question", **context)


@bp.post("/queues/orders")
@requires(Role.RESPONDER)
def make_order() -> Response:
    """Order it, unless their number has moved since it was shown."""
    action, expect = _action(request.form.get("action", "")), request.form.get("expect", "")
    number = int(expect) if expect.isdigit() and len(expect) < len("1000000000") else None
    made = ask_for(action, _target(request.form), by=current_actor(), expect=number)
    to = url_for(".order", order_id=made.id)
    said = f"{filters.plural(made.jobs, 'job')} on the way."
    response = htmx.done("queues/order.html", "order_page", to=to, said=said, **_order(made.id))
    if htmx.wants_fragment():
        response.headers["HX-Redirect"] = to
    return response


@bp.get("/queues/orders/<int:order_id>")
@requires(Role.VIEWER)
def order(order_id: int) -> Response:
    """How far an order is, and what became of each job."""
    return live.not_modified(*ROOMS) or htmx.page("queues/order.html", "order_page", **_order(order_id))


@bp.post("/queues/orders/<int:order_id>/cancellation")
@requires(Role.RESPONDER)
def stop_order(order_id: int) -> Response:
    """Stop it; what was not moved yet stays where it is."""
    actions.stop_order(queries.get_order(order_id), by=current_actor())
    to = url_for(".order", order_id=order_id)
    return htmx.done("queues/order.html", "order_page", to=to, said="The order is asked to stop.", **_order(order_id))


def _order(order_id: int) -> dict[str, Any]:
    now, asked = queries.get_order(order_id), request.args.get("outcome", "")
    outcome = asked if asked == "waiting" or asked in set(Outcome) else ""
    found = queries.order_jobs(order_id, limit=100, cursor=request.args.get("cursor"), outcome=outcome or None)
    more = url_for(".order", order_id=order_id, outcome=outcome or None, cursor=found.next_cursor)
    return {
        "state": now,
        "rows": found.items,
        "outcome": outcome,
        "words": {(key.value if key else "waiting"): word for key, word in WORDS.items()},
        "more": more if found.next_cursor else "",
        "requeue": now.order.action == Action.REQUEUE,
        "moved": now.outcomes.get(Outcome.REQUEUED, 0) + now.outcomes.get(Outcome.DELETED, 0),
        "may_act": _may_act(),
    }


def _action(word: str) -> Action:
    if word not in set(Action):
        raise Invalid("An order requeues or deletes.", errors=[Fault("/action", "Say requeue or delete.")])
    return Action(word)


def _target(given: Any) -> Target:
    alert, broker, jobs = given.get("alert", ""), given.get("broker", ""), given.getlist("job")
    if alert.isdigit() and len(alert) < len(str(2**63)):
        return Target(int(alert))
    if not broker or not jobs or "\0" in "".join([broker, *jobs]):
        raise Invalid("Say of which alert, or which jobs of which broker.")
    return Target(None, broker, tuple(jobs[:1_000]))


def _may_act() -> bool:
    role = current_actor().role
    return role is not None and role.includes(Role.RESPONDER)
