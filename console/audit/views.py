"""The trail as a page with filters, and as CSV. Admins read it, and managers, who answer for what was done."""

from collections.abc import Iterator

import structlog
from flask import Blueprint, Response, request, url_for

from console.audit import forms, queries
from console.audit.models import AuditEntry
from console.audit.rules import csv_lines
from console.infra import clock
from console.infra.actor import Role
from console.web import auth, files, filters, htmx
from console.web.auth import requires

bp = Blueprint("audit", __name__)

PAGE = 50
COLUMNS = ("id", "at", "actor_kind", "actor_id", "actor_label", "action", "object_kind", "object_id", "object_label",
           "result", "details", "ip", "request_id", "hash")  # fmt: skip

log = structlog.get_logger(__name__)


@bp.get("/audit")
@requires(Role.MANAGER)
def index() -> Response:
    form, before = forms.typed(request.args), request.args.get("before", type=int)
    wanted = forms.wanted(form, filters.zone())
    rows = queries.newest(wanted, limit=PAGE + 1, before=_id(before))
    shown = rows[:PAGE]
    older = url_for("audit.index", **form.parameters(), before=shown[-1].id) if len(rows) > PAGE else ""
    return htmx.page("audit/index.html", entries=shown, older=older, form=form, chips=_chips(form), head=queries.head())


@bp.get("/audit/<int:entry_id>")
@requires(Role.MANAGER)
def show(entry_id: int) -> Response:
    return htmx.page("audit/show.html", entry=queries.get(entry_id))


@bp.get("/audit.csv")
@requires(Role.MANAGER)
def export() -> Response:
    """Every matching entry, streamed; who took it is in the log, since a GET changes nothing."""
    form = forms.typed(request.args)
    log.info("audit_exported", by=auth.current_actor().label, **form.parameters())
    rows = _rows(queries.stream(forms.wanted(form, filters.zone())))
    return files.table(f"audit-{clock.now():%Y%m%dT%H%M%SZ}", csv_lines(rows))


def _chips(form: forms.Typed) -> list[dict[str, str]]:
    """The filters that are on, each with the URL of the trail without it; the words stay in the search box."""
    on = form.parameters()
    rest = {name: {key: value for key, value in on.items() if key != name} for name in on if name != "q"}
    return [
        {"field": name, "value": on[name], "without": url_for("audit.index", **others)} for name, others in rest.items()
    ]


def _rows(entries: Iterator[AuditEntry]) -> Iterator[tuple[object, ...]]:
    yield COLUMNS
    for entry in entries:
        yield tuple(entry.at.isoformat() if name == "at" else getattr(entry, name) for name in COLUMNS)


def _id(before: int | None) -> int | None:
    return before if before is not None and 0 < before < 2**63 else None
