"""What became of the outward heartbeat."""

from datetime import datetime

from console.infra import events
from console.infra.db import db
from console.oncall.actions.setup import ROOM
from console.oncall.models import OutwardBeat


def note_beat(error: str, *, at: datetime) -> OutwardBeat:
    """Remember the last one; an empty `error` means that it was heard."""
    beat = db.session.get(OutwardBeat, 1, with_for_update=True)
    if beat is None:
        beat = OutwardBeat(id=1, tried_at=at)
        db.session.add(beat)
    beat.tried_at, beat.error = at, error or None
    if not error:
        beat.heard_at = at
    db.session.flush()
    events.touch(ROOM)
    return beat
