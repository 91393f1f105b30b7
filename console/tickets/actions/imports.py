"""Files of tickets: uploaded, mapped, taken in batches that hold together with how far it came."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import insert

from console.audit.actions import record
from console.infra import events
from console.infra.actor import Actor
from console.infra.db import db
from console.infra.errors import Conflict, Fault, Invalid
from console.tickets.actions import intake
from console.tickets.models import ImportReject, TicketImport
from console.tickets.queries import imports as reads
from console.tickets.rules.sources import table
from console.tickets.rules.sources.rows import RESOLVED, Unfit
from console.tickets.rules.sources.table import Judged

ROOM: Final = "tickets"


def upload(source: str, filename: str, body: bytes, *, by: Actor, at: datetime) -> TicketImport:
    """Keep a file, looked through to its end and with a guess at its columns; raises Invalid for no table."""
    try:
        text, encoding = table.decode(body)
        delimiter = table.delimiter_of(text)
        header = table.header_of(text, delimiter)
        total = sum(1 for _ in table.lines(text, delimiter)) - 1
    except Unfit as error:
        raise Invalid("This file cannot be read as a table.", errors=[Fault("/file", str(error))]) from error
    last = reads.remembered(source)
    options = {
        "header": header,
        "columns": table.guess(header, last.get("columns", {})),
        "timezone": last.get("timezone", "UTC"),
        "resolved_statuses": last.get("resolved_statuses", list(RESOLVED)),
    }
    found = TicketImport(
        source=source, filename=filename, size=len(body), body=body, encoding=encoding, delimiter=delimiter,
        options=options, state="uploaded", total=total, done=0, created=0, rejected=0, uploaded_by=by.label,
        uploaded_at=at,
    )  # fmt: skip
    db.session.add(found)
    db.session.flush()
    _audit("ticket_import.uploaded", found, by, {"source": source, "rows": total, "size": len(body)})
    return found


def set_mapping(found: TicketImport, options: Mapping[str, Any], *, by: Actor) -> None:
    """Say which column is which field; raises Conflict once it was begun, Invalid for a column it has not."""
    _require_new(found)
    header = found.options["header"]
    faults = [
        Fault(f"/columns/{field}", f"The file has no column {column}.")
        for field, column in options["columns"].items()
        if column not in header
    ]
    if faults:
        raise Invalid("Nothing was saved; see errors.", errors=faults)
    found.options = {**found.options, **options}
    db.session.flush()
    _audit("ticket_import.mapped", found, by, {"columns": dict(options["columns"])})


def begin(found: TicketImport, *, by: Actor) -> None:
    """It is to be taken; raises Conflict when it is already, Invalid while a needed field has no column."""
    _require_new(found)
    if faults := [Fault(f"/columns/{field}", f"{field} needs a column.") for field in missing(found)]:
        raise Invalid("Say which columns these are first.", errors=faults)
    found.state = "importing"
    db.session.flush()
    _audit("ticket_import.begun", found, by, {"rows": found.total})


def missing(found: TicketImport) -> list[str]:
    """The fields that need a column and have none."""
    return table.missing(found.options["columns"])


def take(import_id: int, judged: Sequence[Judged], *, after: int, at: datetime) -> bool:
    """Keep some rows and how far it came together; False when another has taken them already."""
    found = reads.get_for_change(import_id)
    if found.state != "importing" or found.done != after:
        return False
    taken = intake.take(found.source, [each.row for each in judged if each.row is not None], at=at)
    refused = [each for each in judged if each.row is None]
    if refused:
        rows = [
            {"import_id": import_id, "line": each.line, "reason": "; ".join(each.faults), "cells": _plain(each.cells)}
            for each in refused
        ]
        db.session.execute(insert(ImportReject), rows)
    found.done, found.created = found.done + len(judged), found.created + taken.created
    found.rejected += len(refused)
    db.session.flush()
    events.touch(ROOM)
    return True


def finish(import_id: int, *, at: datetime) -> None:
    """All rows were judged: the file itself is no longer needed."""
    found = reads.get_for_change(import_id)
    found.state, found.finished_at, found.body = "done", at, None
    db.session.flush()
    events.touch(ROOM)


def delete(found: TicketImport, *, by: Actor) -> None:
    """Forget the file and what was refused of it; its tickets stay. Raises Conflict while it is taken."""
    if found.state == "importing" and not reads.ended_early(found):
        raise Conflict("It is being imported; stop its job first, or wait for its end.")
    _audit("ticket_import.deleted", found, by, {"source": found.source})
    db.session.delete(found)
    db.session.flush()


def _require_new(found: TicketImport) -> None:
    if found.state != "uploaded":
        raise Conflict("It was begun already; upload the file again to import it differently. Nothing is doubled.")


def _plain(cells: Sequence[str]) -> list[str]:
    return [cell.replace("\0", "") for cell in cells]


def _audit(action: str, found: TicketImport, by: Actor, details: dict[str, Any]) -> None:
    events.touch(ROOM)
    record(action, by=by, object=("ticket_import", found.id, found.filename), details=details)
