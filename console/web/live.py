"""Live pages without held connections: a version counter per room, an ETag, and 304 when nothing is new."""

import hashlib

from flask import Response, g, request

from console.infra import clock, events
from console.web import auth

# A page older than this is rendered anew even if no version rose: it heals a lost bump and refreshes times.
BUCKET_SECONDS = 30


def poll_etag(*rooms: str) -> str | None:
    """The ETag of this URL for this reader at the rooms' versions; None while Redis is away."""
    found = events.versions(rooms)
    if found is None:
        return None
    bucket = int(clock.now().timestamp()) // BUCKET_SECONDS
    actor = auth.current_actor()
    parts = (
        *rooms,
        *found,
        bucket,
        actor.kind,
        actor.id,
        actor.role,
        request.full_path,
        request.headers.get("HX-Request"),
    )
    return hashlib.blake2s("\0".join(map(str, parts)).encode(), digest_size=12).hexdigest()


def not_modified(*rooms: str) -> Response | None:
    """A 304 when the reader already has this version, touching neither PostgreSQL nor a template; else None.

    The ETag is taken before the page is built, so that a change during the build shows at the next poll.
    """
    etag = poll_etag(*rooms)
    g.live_etag = etag
    if etag is None or etag not in request.if_none_match:
        return None
    response = Response(status=304)
    response.set_etag(etag)
    return response


def stamp(response: Response) -> Response:
    """Give a live page its ETag (an `after_request` handler)."""
    etag = g.get("live_etag")
    if etag and response.status_code == 200:  # noqa: PLR2004
        response.set_etag(etag)
    return response
