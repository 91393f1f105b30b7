"""Live pages without held connections: a version counter per room, an ETag, and 304 when nothing is new."""

import hashlib
from collections.abc import Callable, Hashable
from typing import TypeVar

from flask import Flask, Response, current_app, g, request

from console.infra import clock, events
from console.infra.events import Moment
from console.web import auth, htmx
from console.web.once import Renderings

T = TypeVar("T")

# A page older than this is rendered anew even if no version rose: it heals a lost bump and refreshes times.
BUCKET_SECONDS = 30


def init_app(app: Flask) -> None:
    """Replies of live pages get their ETags; polls share what is made for them."""
    app.extensions["console.renderings"] = Renderings()
    # Apart: what is shared may be made of what lasts, and must not wait for a lock of its own.
    app.extensions["console.lasting"] = Renderings()
    app.after_request(_stamp)


def not_modified(*rooms: str) -> Response | None:
    """A 304 when the reader already has this version, touching neither PostgreSQL nor a template; else None.

    The ETag is taken before the page is built, so that a change during the build shows at the next poll.
    """
    moment = g.live_moment = _moment(rooms)
    g.live_rooms = rooms
    return _unless_known(rooms, moment)


def is_poll() -> bool:
    """Whether a page that is open asks for what is new; its reader has not asked for anything."""
    return request.method == "GET" and request.headers.get("X-Poll") == "1" and htmx.wants_fragment()


def shared(rooms: tuple[str, ...], key: Hashable, make: Callable[[], T]) -> tuple[T, Response | None]:
    """For a poll, after `not_modified` of the rooms: what `make` gives, and a 304 when the reader already has that.

    It is made once for all whose `key` is the same, which must hold everything of the request and of its reader that
    `make` looks at. While programs change the rooms all the time it is made anew every 0.4 s at most; what somebody
    does by hand shows at once. While Redis is away everybody has their own.
    """
    moment: Moment | None = g.get("live_moment")
    if moment is None:
        return make(), None
    made = _renderings().get((rooms, request.script_root, key), moment, make)
    return made.value, _unless_known(rooms, made.moment)


def lasting(room: str, make: Callable[[], T]) -> T:
    """After `not_modified` of this room, maybe among others: what `make` gives, made anew once the room has changed.

    For what pages show to all readers alike: it must look at nothing of the request. Unlike `shared` it is never older
    than the last change, also of a program. In a change itself, and while Redis is away, it is made each time.
    """
    moment: Moment | None = g.get("live_moment")
    if moment is None or room not in g.live_rooms:
        return make()
    # The room's version and the bucket; as what is done by hand, too, so that nothing is shown for being young.
    own = (moment.versions[g.live_rooms.index(room)], moment.versions[-1])
    kept: Renderings = current_app.extensions["console.lasting"]
    found: T = kept.get((room, make), Moment(own, own), make).value
    return found


def unhurried(make: Callable[[], T]) -> T:
    """After `not_modified`: what `make` gives, made anew every half minute at most, however much changes meanwhile.

    For sums over long times, where a little more is not seen; it must look at nothing of the request. In a change
    itself, and while Redis is away, it is made each time.
    """
    moment: Moment | None = g.get("live_moment")
    if moment is None:
        return make()
    bucket = moment.versions[-1:]
    kept: Renderings = current_app.extensions["console.lasting"]
    found: T = kept.get(("unhurried", make), Moment(bucket, bucket), make).value
    return found


def fact(rooms: tuple[str, ...], make: Callable[[], str]) -> str:
    """A short fact of some rooms, the same for all readers; polls share it as they share lists, pages count anew."""
    moment = _moment(rooms) if is_poll() else None
    return _renderings().get((rooms, make), moment, make).value if moment else make()


def _renderings() -> Renderings:
    found: Renderings = current_app.extensions["console.renderings"]
    return found


def _unless_known(rooms: tuple[str, ...], moment: Moment | None) -> Response | None:
    etag = g.live_etag = _etag(rooms, moment) if moment else None
    if etag is None or etag not in request.if_none_match:
        return None
    response = Response(status=304)
    response.set_etag(etag)
    return response


def _moment(rooms: tuple[str, ...]) -> Moment | None:
    """The rooms' versions at this time; None while Redis is away."""
    found = events.moment(rooms)
    bucket = int(clock.now().timestamp()) // BUCKET_SECONDS
    return found and Moment((*found.versions, bucket), found.acts)


def _etag(rooms: tuple[str, ...], moment: Moment) -> str:
    """The ETag of this URL for this reader at a moment."""
    actor = auth.current_actor()
    parts = (
        *rooms,
        *moment.versions,
        actor.kind,
        actor.id,
        actor.role,
        request.full_path,
        request.headers.get("HX-Request"),
    )
    return hashlib.blake2s("\0".join(map(str, parts)).encode(), digest_size=12).hexdigest()


def _stamp(response: Response) -> Response:
    """Give a live page its ETag."""
    etag = g.get("live_etag")
    if etag and response.status_code == 200:  # noqa: PLR2004
        response.set_etag(etag)
    return response
