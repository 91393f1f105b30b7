"""Replies that serve a whole page, or just the named blocks when htmx asks."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from flask import Response, flash, get_flashed_messages, make_response, redirect, render_template, request
from jinja2_fragments.flask import render_block


def wants_fragment() -> bool:
    """Whether htmx asks for a piece: not for boosted navigation and not for a restored history entry."""
    headers = request.headers
    return (
        headers.get("HX-Request") == "true"
        and headers.get("HX-Boosted") != "true"
        and headers.get("HX-History-Restore-Request") != "true"
    )


def page(template: str, blocks: str | Sequence[str] = (), *, status: int = 200, **context: Any) -> Response:
    """The page, or only `blocks` of it for htmx. The server names the blocks, never the client."""
    names = [blocks] if isinstance(blocks, str) else list(blocks)
    if names and wants_fragment():
        return fragment(rendered(template, names, context), status=status)
    return _varied(render_template(template, **context), status)


def rendered(template: str, blocks: Sequence[str], context: Mapping[str, Any]) -> str:
    """Some blocks of a template."""
    return "\n".join(render_block(template, name, **context) for name in blocks)


def fragment(html: str, *, status: int = 200) -> Response:
    """What htmx asked for, and the menu's facts where they may have moved."""
    return _varied(f"{html}\n{_counts()}", status)


def _varied(body: str, status: int) -> Response:
    response = make_response(body, status)
    response.vary.update(["HX-Request", "HX-Boosted"])
    return response


def _counts() -> str:
    """The menu's facts as they are now: a poll and an answer to a change may have moved them; a question has not."""
    moved = request.method == "POST" or "X-Poll" in request.headers
    return render_template("shared/_counts.html") if moved else ""


def done(
    template: str, blocks: str | Sequence[str], *, to: str, said: str = "", undo: str = "", **context: Any
) -> Response:
    """After a change: the changed blocks and a toast for htmx, otherwise a 303 to `to` with the toast waiting."""
    if said:
        toast(said, undo=undo)
    if not wants_fragment():
        return make_response(redirect(to, 303))
    response = page(template, blocks, **context)
    response.set_data(
        response.get_data(as_text=True) + render_template("shared/_toasts.html", oob=True, toasts=toasts())
    )
    return response


def toast(text: str, *, undo: str = "") -> None:
    """Say something once on the next page or fragment; `undo` is the URL that takes it back by POST."""
    flash(f"{text}\x1f{undo}", "toast")


def toasts() -> list[tuple[str, str]]:
    """The waiting toasts as (text, undo URL or empty), said once."""
    waiting = cast("list[str]", get_flashed_messages(category_filter=["toast"]))
    return [(text, undo) for text, _, undo in (item.partition("\x1f") for item in waiting)]
