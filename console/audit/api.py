"""The trail for programs (scope `admin`): a list with the page's filters."""

from datetime import datetime
from typing import Any

from flask import Blueprint, Response, jsonify
from pydantic import BaseModel, ConfigDict, Field

from console.audit import queries
from console.audit.queries import Filter
from console.infra.actor import Scope
from console.infra.paging import DEFAULT_LIMIT, MAX_LIMIT, decode, page_of
from console.web.auth import requires_scope
from console.web.inputs import Utc, query
from console.web.openapi import describe

bp = Blueprint("audit_api", __name__)


class AuditQuery(BaseModel):
    """Which entries. `action` matches a beginning, `object` is KIND or KIND:ID, `q` any part of the text."""

    limit: int = Field(DEFAULT_LIMIT, ge=1, le=MAX_LIMIT)
    cursor: str | None = None
    actor: str | None = None
    action: str | None = None
    object: str | None = None
    result: str | None = None
    since: Utc | None = None
    until: Utc | None = None
    q: str | None = None


class AuditOut(BaseModel):
    """One entry. `hash` covers everything else of it and `prev_hash`, the hash of the entry before."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    at: datetime
    actor_kind: str
    actor_id: int | None
    actor_label: str
    action: str
    object_kind: str | None
    object_id: str | None
    object_label: str | None
    result: str
    details: dict[str, Any]
    ip: str | None
    request_id: str | None
    prev_hash: str
    hash: str


class AuditPage(BaseModel):
    """Entries, newest first."""

    items: list[AuditOut]
    next_cursor: str | None


@bp.get("/audit")
@requires_scope(Scope.ADMIN)
@describe("The audit trail, newest first", query=AuditQuery, reply=AuditPage)
def index() -> Response:
    wanted = query(AuditQuery)
    before = decode(wanted.cursor, int)[0] if wanted.cursor else None
    rows = queries.newest(_filter(wanted), limit=wanted.limit + 1, before=before)
    page = page_of(rows, wanted.limit, lambda entry: (entry.id,))
    found = AuditPage(items=[AuditOut.model_validate(entry) for entry in page.items], next_cursor=page.next_cursor)
    return jsonify(found.model_dump(mode="json"))


def _filter(wanted: AuditQuery) -> Filter:
    kind, _, key = (wanted.object or "").partition(":")
    return Filter(
        actor=wanted.actor,
        action=wanted.action,
        object_kind=kind or None,
        object_id=key or None,
        result=wanted.result,
        since=wanted.since,
        until=wanted.until,
        text=wanted.q,
    )
