"""The pages of imports: a file is uploaded, mapped, looked at row by row, then taken; what was refused comes back."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from flask import Response, make_response, redirect, request, url_for

from console.infra import clock
from console.infra.actor import Role
from console.infra.errors import Invalid
from console.tickets.actions import imports as actions
from console.tickets.forms import imports as forms
from console.tickets.forms import sources as source_forms
from console.tickets.jobs import importing
from console.tickets.models import TicketImport
from console.tickets.queries import imports as reads
from console.tickets.rules.sources import table
from console.tickets.rules.sources.rows import FIELDS, REQUIRED
from console.tickets.views.blueprint import bp
from console.tickets.views.exports import as_csv
from console.web import htmx, live
from console.web.auth import current_actor, requires
from console.web.security import takes_files

ROOMS = ("tickets", "queues", "alerts")
LISTED = 50
MOST = 20 * 1024 * 1024
ALL, ONE = "tickets/imports.html", "tickets/import.html"


@bp.get("/tickets/imports")
@requires(Role.VIEWER)
def imports() -> Response:
    """Files that were uploaded, and the form for another."""
    return live.not_modified(*ROOMS) or htmx.page(ALL, "import_list", **_listing())


@bp.post("/tickets/imports")
@takes_files(MOST + 64 * 1024)
@requires(Role.ADMIN)
def upload_import() -> Response:
    """Keep the file; nothing of it is taken yet."""
    sent = request.files.get("file")
    try:
        source = source_forms.source_name(request.form.get("name", "").strip())
        name, body = (sent.filename or "file.csv", sent.read()) if sent else ("", b"")
        found = actions.upload(source, name[-200:], body, by=current_actor(), at=clock.now())
    except Invalid as refusal:
        told = {"faults": source_forms.faults(refusal), "typed": request.form.get("name", "")}
        return htmx.page(ALL, status=refusal.status, **{**_listing(), **told})
    return make_response(redirect(url_for("tickets.import_", import_id=found.id), 303))


@bp.get("/tickets/imports/<int:import_id>")
@requires(Role.VIEWER)
def import_(import_id: int) -> Response:
    """One file: its mapping and first rows, how far it is, or what came of it."""
    return live.not_modified(*ROOMS) or htmx.page(ONE, "import_board", **_one(reads.get(import_id)))


@bp.post("/tickets/imports/<int:import_id>/mapping")
@requires(Role.ADMIN)
def map_import(import_id: int) -> Response:
    """Say which column is which field, and look again."""
    found = reads.get_for_change(import_id)
    try:
        wanted = forms.import_form(request.form)
        actions.set_mapping(found, wanted.model_dump(mode="json"), by=current_actor())
    except Invalid as refusal:
        return htmx.page(ONE, status=refusal.status, **_one(found, source_forms.faults(refusal)))
    return make_response(redirect(url_for("tickets.import_", import_id=import_id), 303))


@bp.post("/tickets/imports/<int:import_id>/run")
@requires(Role.ADMIN)
def run_import(import_id: int) -> Response:
    """Take it in a worker."""
    found = reads.get_for_change(import_id)
    try:
        importing.start(found, by=current_actor())
    except Invalid as refusal:
        return htmx.page(ONE, status=refusal.status, **_one(found, source_forms.faults(refusal)))
    htmx.toast(f"{found.filename} is being imported.")
    return make_response(redirect(url_for("tickets.import_", import_id=import_id), 303))


@bp.post("/tickets/imports/<int:import_id>/delete")
@requires(Role.ADMIN)
def delete_import(import_id: int) -> Response:
    """Forget the file; its tickets stay."""
    actions.delete(reads.get_for_change(import_id), by=current_actor())
    htmx.toast("The file is forgotten. Its tickets stay.")
    return make_response(redirect(url_for("tickets.imports"), 303))


@bp.get("/tickets/imports/<int:import_id>/rejects.csv")
@requires(Role.VIEWER)
def import_rejects(import_id: int) -> Response:
    """The rows that were refused, as they were, and why: corrected, they can be uploaded again."""
    found = reads.get(import_id)
    # Values, not the row: when they are streamed, its transaction is over.
    return as_csv(f"import-{import_id}-rejects", _rejects(found.id, found.options["header"]))


def _rejects(import_id: int, header: list[str]) -> Iterator[list[object]]:
    yield [*header, "line", "reason"]
    for each in reads.rejects(import_id):
        cells = [*each.cells, *[""] * (len(header) - len(each.cells))][: len(header)]
        yield [*cells, each.line, each.reason]


def _listing() -> dict[str, Any]:
    page = reads.listed(limit=LISTED, cursor=request.args.get("cursor"))
    more = url_for("tickets.imports", cursor=page.next_cursor) if page.next_cursor else ""
    return {"rows": page.items, "more": more, "may_change": _may_change(), "faults": {}, "typed": ""}


def _one(found: TicketImport, faults: dict[str, str] | None = None) -> dict[str, Any]:
    seen = importing.preview(found) if found.state == "uploaded" else []
    cursor = request.args.get("cursor")
    refused = reads.rejects_page(found.id, limit=LISTED, cursor=cursor)
    here: Any = partial(url_for, "tickets.import_", import_id=found.id)
    return {
        "refused": refused.items, "here": here(cursor=cursor),
        "more": here(cursor=refused.next_cursor) if refused.next_cursor else "",
        "found": found, "fields": FIELDS, "needed": REQUIRED, "missing": actions.missing(found), "seen": seen,
        "good": sum(each.row is not None for each in seen), "job": reads.job_of(found),
        "ended_early": reads.ended_early(found), "faults": faults or {},
        "delimiter": table.DELIMITERS[found.delimiter], "may_change": _may_change(),
        "choices": [("", "not in the file"), *((name, name) for name in found.options["header"] if name)],
    }  # fmt: skip


def _may_change() -> bool:
    role = current_actor().role
    return role is not None and role.includes(Role.ADMIN)
