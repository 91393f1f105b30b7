"""Files of tickets over the API: upload, map, run, and what was refused."""

from datetime import datetime
from typing import Any

from flask import Response, make_response
from pydantic import BaseModel, Field

from console.infra import clock
from console.infra.actor import Scope
from console.tickets.actions import imports as actions
from console.tickets.api.shared import Part, bp, reply
from console.tickets.forms import sources as source_forms
from console.tickets.forms.imports import TicketImportIn
from console.tickets.jobs import importing
from console.tickets.models import TicketImport
from console.tickets.queries import imports as reads
from console.web.auth import current_actor, requires_scope
from console.web.inputs import body, query, whole_body
from console.web.openapi import describe

MOST = 20 * 1024 * 1024
TABLE: dict[str, Any] = {"text/csv": {"schema": {"type": "string"}}}
TOO_MUCH = "At most 20 MiB a file; nothing was stored"


class UploadIn(BaseModel):
    """Of which source the tickets are, and what the file is called."""

    source: str = Field(max_length=63)
    filename: str = Field("file.csv", max_length=200)


class TicketImportOut(BaseModel):
    """A file of tickets. `columns` is our guess until it is set; `done` rows of `total` were judged."""

    id: int
    source: str
    filename: str
    size: int
    encoding: str
    delimiter: str
    header: list[str]
    columns: dict[str, str]
    missing: list[str] = Field(description="Fields that need a column and have none.")
    timezone: str
    resolved_statuses: list[str]
    state: str = Field(description="uploaded, importing or done")
    total: int
    done: int
    created: int
    rejected: int
    job_id: str | None
    uploaded_by: str
    uploaded_at: datetime
    finished_at: datetime | None
    preview: list["JudgedOut"] = Field(description="The first rows as they would be taken, while it is not begun.")

    @classmethod
    def of(cls, found: TicketImport, *, preview: bool = False) -> "TicketImportOut":
        """As it is now."""
        names = [name for name in cls.model_fields if hasattr(found, name) and name != "job_id"]
        told: dict[str, Any] = {name: getattr(found, name) for name in names} | found.options
        seen = importing.preview(found) if preview and found.state == "uploaded" else []
        rows = [JudgedOut(line=one.line, cells=list(one.cells), faults=list(one.faults)) for one in seen]
        job_id = str(found.job_id) if found.job_id else None
        return cls(**told, missing=actions.missing(found), job_id=job_id, preview=rows)


class JudgedOut(BaseModel):
    """A row of the file, and why it would be refused."""

    line: int
    cells: list[str]
    faults: list[str]


class TicketImportPage(BaseModel):
    """Files, the newest first."""

    items: list[TicketImportOut]
    next_cursor: str | None


class RejectedRow(BaseModel):
    """A row that was not taken."""

    line: int
    reason: str
    cells: list[str]


class RejectedRows(BaseModel):
    """The rows that were refused, in the file's order."""

    items: list[RejectedRow]
    next_cursor: str | None


@bp.post("/ticket-imports")
@requires_scope(Scope.ADMIN)
@describe(
    "Upload a file of tickets with separated values; nothing of it is taken yet", query=UploadIn, content=TABLE,
    reply=TicketImportOut, status=201, problems={413: TOO_MUCH, 422: "It cannot be read as a table"},
)  # fmt: skip
def upload_ticket_import() -> Response:
    """Its encoding and delimiter are found."""
    wanted, raw = query(UploadIn), whole_body(at_most=MOST, too_large=f"{TOO_MUCH}.")
    source = source_forms.source_name(wanted.source)
    found = actions.upload(source, wanted.filename, raw, by=current_actor(), at=clock.now())
    return reply(TicketImportOut.of(found, preview=True), 201)


@bp.get("/ticket-imports")
@requires_scope(Scope.READ)
@describe("Files of tickets, the newest first", query=Part, reply=TicketImportPage)
def list_ticket_imports() -> Response:
    """A page of them."""
    wanted = query(Part)
    page = reads.listed(limit=wanted.limit, cursor=wanted.cursor)
    return reply(TicketImportPage(items=[TicketImportOut.of(one) for one in page.items], next_cursor=page.next_cursor))


@bp.get("/ticket-imports/<int:import_id>")
@requires_scope(Scope.READ)
@describe("One file, with its first rows as they would be taken", reply=TicketImportOut)
def get_ticket_import(import_id: int) -> Response:
    """One of them."""
    return reply(TicketImportOut.of(reads.get(import_id), preview=True))


@bp.put("/ticket-imports/<int:import_id>")
@requires_scope(Scope.ADMIN)
@describe(
    "Say which column is which field",
    body=TicketImportIn,
    reply=TicketImportOut,
    problems={409: "It was begun already"},
)
def map_ticket_import(import_id: int) -> Response:
    """Look at its preview afterwards."""
    wanted, found = body(TicketImportIn), reads.get_for_change(import_id)
    actions.set_mapping(found, wanted.model_dump(mode="json"), by=current_actor())
    return reply(TicketImportOut.of(found, preview=True))


@bp.post("/ticket-imports/<int:import_id>/run")
@requires_scope(Scope.ADMIN)
@describe("Take its rows, in a job", status=202, reply=TicketImportOut, problems={409: "It was begun already"})
def run_ticket_import(import_id: int) -> Response:
    """The job's progress is under /jobs."""
    found = reads.get_for_change(import_id)
    importing.start(found, by=current_actor())
    return reply(TicketImportOut.of(found), 202)


@bp.delete("/ticket-imports/<int:import_id>")
@requires_scope(Scope.ADMIN)
@describe("Forget a file; its tickets stay", status=204, problems={409: "It is being imported"})
def delete_ticket_import(import_id: int) -> Response:
    """Forget it."""
    actions.delete(reads.get_for_change(import_id), by=current_actor())
    return make_response("", 204)


@bp.get("/ticket-imports/<int:import_id>/rejects")
@requires_scope(Scope.READ)
@describe("The rows that were refused, and why; the page offers them as a file", query=Part, reply=RejectedRows)
def ticket_import_rejects(import_id: int) -> Response:
    """In the file's order."""
    wanted = query(Part)
    page = reads.rejects_page(reads.get(import_id).id, limit=wanted.limit, cursor=wanted.cursor)
    rows = [RejectedRow(line=one.line, reason=one.reason, cells=one.cells) for one in page.items]
    return reply(RejectedRows(items=rows, next_cursor=page.next_cursor))
