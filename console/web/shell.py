"""The frame around every room: where `/` leads, the phone's menu, search and jump, the theme."""

import json

from flask import Blueprint, Flask, Response, current_app, make_response, redirect, request, url_for

from console.infra.actor import Role
from console.web import assets, components, filters, htmx, nav, pager
from console.web.auth import requires

bp = Blueprint("shell", __name__)

A_YEAR = 365 * 24 * 3600
STYLESHEETS = ("tokens", "shell", "components", "forms", "data")

# What htmx may do under our policy: nothing that needs eval or inline styles, nothing kept of a page after it is left,
# and every answer of the server is shown: a 304 changes nothing, a refusal comes back as a fragment. No pause between
# a swap and its settling: until then a morphed form shows its new button and still sends what the old one meant.
HTMX = {
    "defaultSettleDelay": 0,
    "allowEval": False,
    "allowScriptTags": False,
    "includeIndicatorStyles": False,
    "selfRequestsOnly": True,
    "historyCacheSize": 0,
    "historyRestoreAsHxRequest": False,
    "refreshOnHistoryMiss": True,
    "scrollIntoViewOnBoost": False,
    "responseHandling": [
        {"code": "304", "swap": False},
        {"code": "204", "swap": False},
        {"code": "[23]..", "swap": True},
        {"code": "[45]..", "swap": True, "error": True},
    ],
}


def init_app(app: Flask) -> None:
    """Everything that base.html needs."""
    for part in (assets, components, filters, pager):
        part.init_app(app)
    app.jinja_env.globals.update(
        htmx_config=json.dumps(HTMX), modules=assets.modules, stylesheets=stylesheets, waiting_toasts=htmx.toasts
    )
    app.register_blueprint(bp)


def stylesheets() -> list[str]:
    """The shared sheets, then those of the room that is asked for and of the blueprint, where they are two."""
    blueprint = current_app.blueprints.get(request.blueprint or "")
    own = [blueprint.import_name.split(".")[1], blueprint.name] if blueprint else []
    names = dict.fromkeys([*STYLESHEETS, *(name for name in own if assets.exists(f"css/{name}.css"))])
    return [f"css/{name}.css" for name in names]


@bp.get("/")
@requires(Role.VIEWER)
def home() -> Response:
    """The first room that is built."""
    lines = nav.navigation()
    return make_response(redirect(lines[0].url if lines else url_for("shell.more")))


@bp.get("/more")
@requires(Role.VIEWER)
def more() -> Response:
    """The whole menu as a page, for phones."""
    return htmx.page("shared/more.html")


@bp.get("/jump")
@requires(Role.VIEWER)
def jump() -> Response:
    """Where the words of `q` may lead; the palette shows the same list."""
    words = request.args.get("q", "").strip()[:200]
    found = [line for line in nav.navigation() if words.lower() in line.item.label.lower()]
    return htmx.page("shared/jump.html", "jump_results", q=words, rooms=found, searches=_searches(words))


@bp.post("/theme")
@requires(Role.VIEWER)
def theme() -> Response:
    """Remember light or dark in this browser; anything else follows the system again."""
    chosen = request.form.get("theme", "")
    response = make_response(redirect(_back(), 303))
    kept = chosen if chosen in filters.THEMES else ""
    response.set_cookie("theme", kept, max_age=A_YEAR if kept else 0, samesite="Lax", secure=request.is_secure)
    return response


def _searches(words: str) -> list[tuple[str, str]]:
    """(label, URL) of each list that can be searched for `words`."""
    if not words or "alerts.index" not in current_app.view_functions:
        return []
    return [("Search alerts", url_for("alerts.index", q=words))]


def _back() -> str:
    """The path that the form stood on, if it is one of ours."""
    path = request.form.get("back", "/")
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) else "/"
