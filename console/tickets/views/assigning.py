"""Tickets given to somebody: one from its page, several from the queue."""

from typing import Any

from flask import Response, request, url_for

from console.infra import clock
from console.infra.actor import Role
from console.infra.errors import Fault, Invalid
from console.tickets.actions import assigning
from console.tickets.forms.queue import kept
from console.tickets.queries import desk
from console.tickets.queries import tickets as reads
from console.tickets.views import one, queue, shares, sharing
from console.tickets.views.blueprint import bp
from console.web import filters, htmx
from console.web.auth import current_actor, requires


@bp.get("/tickets/<int:ticket_id>/assignment")
@requires(Role.RESPONDER, Role.MANAGER)
def ask_assignment(ticket_id: int) -> Response:
    """Ask who shall have a ticket."""
    ticket = reads.get_by_id(ticket_id)
    return _ask([ticket_id], url_for(".assign", ticket_id=ticket_id), back=url_for(".show", ticket_id=ticket_id),
                target="#ticket-page", has=ticket.assignee, about=ticket.subject)  # fmt: skip


@bp.post("/tickets/<int:ticket_id>/assignment")
@requires(Role.RESPONDER, Role.MANAGER)
def assign(ticket_id: int) -> Response:
    """Give a ticket to somebody, or to nobody."""
    ticket, name = reads.get_by_id(ticket_id), _name()
    done = assigning.assign([ticket.id], name, by=current_actor(), at=clock.now())
    said = f"{name or 'Nobody'} has it now." if done.changed else "Nothing changed: it is resolved, or was so already."
    return htmx.done("tickets/show.html", "ticket_page", to=url_for(".show", ticket_id=ticket_id), said=said,
                     **one.shown(reads.get_by_id(ticket_id)))  # fmt: skip


@bp.post("/tickets/assignments")
@requires(Role.RESPONDER, Role.MANAGER)
def assign_many() -> Response:
    """Give the ticked tickets to somebody; ask first to whom."""
    ids, address = _ids(), url_for(".assign_many", **kept(queue.read_filters()))
    back = url_for(".index", **kept(queue.read_filters()))
    if "share" in request.form:
        return sharing.of_ticked(ids)
    if "sure" not in request.form:
        return _ask(ids, address, back=back, target="#ticket-list")
    name = _name()
    done = assigning.assign(ids, name, by=current_actor(), at=clock.now())
    left = f" {done.left:,} left: resolved, or theirs already." if done.left else ""
    said = f"{name or 'Nobody'} has {filters.plural(done.changed, 'more ticket')}.{left}"
    return htmx.done("tickets/index.html", queue.BLOCKS, to=back, said=said, **queue.listing())


def _ask(ids: list[int], to: str, *, back: str, target: str, **more: Any) -> Response:
    loads = desk.loads()
    response = htmx.page(
        "tickets/assign.html", "question", ids=ids, to=to, back=back, target=target, free=shares.free(loads)[:6],
        everybody=sorted({load.owner for load in loads if load.owner}), mine=shares.mine(loads), **more,
    )  # fmt: skip
    if request.method == "POST":
        response.headers.update({"HX-Retarget": "#ask-body", "HX-Reswap": "innerHTML"})
    return response


def _ids() -> list[int]:
    found = [int(text) for text in request.form.getlist("ids") if text.isdecimal() and len(text) < 19]  # noqa: PLR2004
    if not found:
        raise Invalid("Tick at least one ticket.", errors=[Fault("/ids", "Tick at least one.")])
    return found


def _name() -> str | None:
    """Who was chosen; a name that was written beats one that was picked."""
    return request.form.get("other", "").strip() or request.form.get("assignee", "").strip() or None
