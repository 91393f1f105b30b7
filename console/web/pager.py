"""From one page of a list to the next and back again: each link carries the cursors of the pages that were turned."""

from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from flask import Flask, request

from console.web import live

TRAIL: Final = "trail"
# Where a page begins: the trail of what was done counts by id.
PLACES: Final = ("cursor", "before")
# Beyond so many pages back, the way back leads to the first.
MOST: Final = 20
# No cursor of ours is longer; a foreign trail must not grow addresses.
LONGEST: Final = 400


def init_app(app: Flask) -> None:
    """Let templates ask for the links."""
    app.jinja_env.globals.update(onward=onward, back=back)


def onward(older: str) -> str:
    """The address of the following page, which knows the way back; empty where there is none."""
    here = dict(_pairs())
    place = _place(here)
    if not older or not place:
        return older
    trail = [*_trail(here), here[place]][-MOST:]
    return f"{older}{'&' if '?' in older else '?'}{urlencode({TRAIL: '.'.join(trail)})}"


def back() -> str:
    """The address of the page before this one; empty on the first."""
    pairs = _pairs()
    here = dict(pairs)
    place = _place(here)
    if not place:
        return ""
    *rest, before = _trail(here) or [""]
    kept = [(name, value) for name, value in pairs if name not in {place, TRAIL}]
    kept += [(place, before)] if before else []
    kept += [(TRAIL, ".".join(rest))] if rest else []
    return f"{request.path}?{urlencode(kept)}" if kept else request.path


def _place(here: dict[str, str]) -> str:
    return next((name for name in PLACES if here.get(name)), "")


def _trail(here: dict[str, str]) -> list[str]:
    return [cursor for cursor in here.get(TRAIL, "").split(".") if 0 < len(cursor) <= LONGEST][-MOST:]


def _pairs() -> list[tuple[str, str]]:
    """The parameters of the page that the reader looks at: a poll of it asks without its trail."""
    shown = urlsplit(request.headers.get("HX-Current-URL", ""))
    if live.is_poll() and shown.path == request.path and shown.netloc == request.host:
        return parse_qsl(shown.query)
    return [(name, value) for name, value in request.args.items(multi=True) if value]
