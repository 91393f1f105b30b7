"""The only way into the trail: `record`, and `record_refusal` for what was not allowed.

Entries are kept with the session and written as the last thing before it commits. So the chain's
lock is held only for the commit itself, and never while a transaction still waits for other rows:
two bulk changes cannot lock each other out.
"""

from typing import Any

import structlog
from sqlalchemy import event, text
from sqlalchemy.orm import Session, SessionTransaction

from console.audit.models import AuditEntry
from console.audit.queries import head_in
from console.audit.rules import chain_hash, clean, clean_text
from console.infra import clock
from console.infra.actor import Actor
from console.infra.db import db
from console.infra.events import Refused
from console.infra.transaction import unit

# Any number will do as long as nobody else in this database uses it.
CHAIN_LOCK = 4_127_002

_PENDING = "console.audit.pending"
_WRITTEN = "console.audit.written"

log = structlog.get_logger(__name__)


def record(
    action: str,
    *,
    by: Actor,
    object: tuple[str, object, str] | None = None,  # noqa: A002 - the trail's word for it
    details: dict[str, Any] | None = None,
    result: str = "done",
) -> None:
    """Add an entry to the trail in the caller's transaction: it is there when that commits, and only then.

    `action` reads like `alert.acknowledged`; `object` is (kind, id, label); `details` takes JSON, times and
    enums, and must hold no secret.
    """
    kind, key, label = object or (None, None, None)
    session = db.session()
    entry = {
        "at": clock.now(),
        "actor_kind": by.kind,
        "actor_id": by.id,
        "actor_label": clean_text(by.label),
        "action": action,
        "object_kind": kind,
        "object_id": None if key is None else clean_text(str(key)),
        "object_label": None if label is None else clean_text(label),
        "result": result,
        "details": clean(details or {}),
        "ip": by.ip,
        "request_id": by.request_id,
    }
    # A session that has not begun would forget the entry: commit does nothing without a transaction.
    session.connection()
    within = session.get_nested_transaction() or session.get_transaction()
    session.info.setdefault(_PENDING, []).append((within, entry))


def record_refusal(refusal: Refused) -> None:
    """Keep what was asked for and refused, in a unit of its own that outlives the refused request."""
    with unit():
        record(
            refusal.action,
            by=refusal.by,
            object=refusal.object,
            details={"reason": refusal.reason},
            result="refused",
        )


def write_pending(session: Session) -> None:
    """Chain and insert what the session has recorded; it runs by itself before each outer commit."""
    if session.in_nested_transaction() or not session.info.get(_PENDING):
        return
    # Rows first, chain last: see the module's docstring.
    session.flush()
    session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": CHAIN_LOCK})
    # A statement of its own: its snapshot must be newer than the lock.
    head = head_in(session)
    for _, content in session.info.pop(_PENDING):
        hash_ = chain_hash(head.hash, {"id": head.id + 1, **content})
        entry = AuditEntry(id=head.id + 1, prev_hash=head.hash, hash=hash_, **content)
        session.add(entry)
        head = entry.head
        session.info.setdefault(_WRITTEN, []).append((head, content["action"]))
    session.flush()


def _publish_head(session: Session) -> None:
    # The log leaves the machine by other ways than the database: its copy of the head shows a cut tail.
    for head, action in session.info.pop(_WRITTEN, ()):
        log.info("audit_entry", audit_id=head.id, audit_hash=head.hash, action=action)


def _forget(session: Session, rolled_back: SessionTransaction) -> None:
    session.info.pop(_WRITTEN, None)
    pending = session.info.pop(_PENDING, ())
    kept = [(within, entry) for within, entry in pending if not _is_part_of(within, rolled_back)]
    if kept:
        session.info[_PENDING] = kept


def _is_part_of(inner: SessionTransaction | None, outer: SessionTransaction) -> bool:
    while inner is not None and inner is not outer:
        inner = inner.parent
    return inner is outer


event.listen(Session, "before_commit", write_pending)
event.listen(Session, "after_commit", _publish_head)
event.listen(Session, "after_soft_rollback", _forget)
