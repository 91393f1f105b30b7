"""The short-lived copy of signed-in sessions in Redis, so that most requests ask PostgreSQL nothing.

A copy is dropped when a session ends or its user changes: the change marks the session's hash, and
once it has committed the copy is overwritten by a gravestone, which nobody may replace while a
request that read the old row could still be under way. Without Redis, PostgreSQL is asked.
"""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

import orjson
import structlog
from flask import current_app
from redis.exceptions import RedisError
from sqlalchemy import event
from sqlalchemy.orm import Session as DbSession

from console.accounts.models import STALE, Theme
from console.accounts.queries import SignedIn
from console.infra.actor import Role
from console.infra.redis import connection

# Seconds. If Redis is away just when a session is revoked, its copy outlives that by no more than this.
COPY_SECONDS: Final = 30
# Longer than any request that may have read the row before the change.
GRAVE_SECONDS: Final = 60

_TIMES = ("started_at", "last_seen_at", "confirmed_at")

log = structlog.get_logger(__name__)


def recall(token_hash: str) -> SignedIn | None:
    """The copy, or None when there is none to trust."""
    try:
        kept = connection().get(_key(token_hash))
    except RedisError:
        return None
    assert kept is None or isinstance(kept, bytes)
    return _read(orjson.loads(kept)) if kept else None


def remember(token_hash: str, known: SignedIn) -> None:
    """Keep a copy, unless there is one or a gravestone."""
    try:
        connection().set(_key(token_hash), orjson.dumps(asdict(known)), ex=COPY_SECONDS, nx=True)
    except RedisError:
        log.debug("session_copy_not_kept")


# Replaces a copy and never a gravestone, in one step: a plain read and write could undo a revocation in between.
_REPLACE = """
local kept = redis.call('GET', KEYS[1])
if kept and kept ~= '' then redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2]) end
"""


def renew(token_hash: str, known: SignedIn) -> None:
    """Replace a copy by a newer one, if there still is a copy."""
    try:
        connection().eval(_REPLACE, 1, _key(token_hash), orjson.dumps(asdict(known)), COPY_SECONDS)
    except RedisError:
        log.debug("session_copy_not_kept")


def forget(token_hashes: Iterable[str]) -> None:
    """Put a gravestone where each copy was or could be written."""
    try:
        with connection().pipeline(transaction=False) as pipe:
            for token_hash in token_hashes:
                pipe.set(_key(token_hash), b"", ex=GRAVE_SECONDS)
            pipe.execute()
    except RedisError:
        log.warning("session_copies_not_dropped", seconds=COPY_SECONDS)


def _key(token_hash: str) -> str:
    return f"console:session:{token_hash}"


def _read(kept: dict[str, Any]) -> SignedIn:
    times = {name: datetime.fromisoformat(kept[name]) if kept[name] else None for name in _TIMES}
    return SignedIn(**{**kept, **times, "role": Role(kept["role"]), "theme": Theme(kept["theme"])})


def _drop_stale(session: DbSession) -> None:
    stale = session.info.pop(STALE, None)
    if stale and current_app:
        forget(stale)


event.listen(DbSession, "after_commit", _drop_stale)
