"""The menu: one line a room. A room that is not built is not shown."""

from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask, current_app, g, request, url_for

from console.infra.actor import Actor, Role
from console.web import auth


@dataclass(frozen=True, slots=True)
class Item:
    """A line of the menu. `key` is pressed after `g`; `rooms` are the blueprints it stands for."""

    label: str
    icon: str
    endpoint: str
    key: str
    rooms: tuple[str, ...]
    role: Role = Role.VIEWER
    admin: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """An item as one reader sees it on one page; `count` is a short fact such as "9 open", or empty.

    `counted` says whether the room has such a fact at all.
    """

    item: Item
    url: str
    current: bool
    count: str
    counted: bool


ITEMS = (
    Item("Overview", "home", "overview.index", "o", ("overview",)),
    Item("Alerts", "bell", "alerts.index", "a", ("alerts",)),
    Item("Heartbeats", "heartbeat", "heartbeats.index", "p", ("heartbeats",)),
    Item("On call", "phone-call", "oncall.index", "c", ("oncall",)),
    Item("Queues", "stack-2", "queues.index", "q", ("queues",)),
    Item("Tickets", "ticket", "tickets.index", "t", ("tickets",)),
    Item("Backups", "database", "backups.index", "b", ("backups",)),
    Item("Rate limits", "gauge", "ratelimits.index", "l", ("ratelimits",)),
    Item("Health", "activity", "health.index", "h", ("health",)),
    Item("Readiness", "clipboard-check", "readiness.index", "r", ("readiness",), admin=True),
    Item("Audit", "history", "audit.index", "u", ("audit",), role=Role.MANAGER, admin=True),
    Item("Settings", "settings", "accounts.settings", "s", ("accounts",), admin=True),
)
TABS = ("overview.index", "alerts.index", "queues.index", "tickets.index", "health.index")
MAX_TABS = 4


def init_app(app: Flask, counts: dict[str, Callable[[], str]] | None = None) -> None:
    """Templates get `navigation()` and `tabs()`. `counts` maps an endpoint to its short fact."""
    app.extensions["console.nav"] = counts or {}
    app.jinja_env.globals.update(navigation=navigation, tabs=tabs)


def navigation() -> list[Line]:
    """The lines that this reader may use, found once a request: their counts are queries."""
    if "navigation" not in g:
        actor, views = auth.current_actor(), current_app.view_functions
        g.navigation = [_line(item) for item in ITEMS if item.endpoint in views and _may(actor, item)]
    found: list[Line] = g.navigation
    return found


def tabs() -> list[Line]:
    """The areas at the bottom of a phone; the fifth tab is "More"."""
    return [line for line in navigation() if line.item.endpoint in TABS][:MAX_TABS]


def _may(actor: Actor, item: Item) -> bool:
    return actor.role is not None and actor.role.includes(item.role)


def _line(item: Item) -> Line:
    counts: dict[str, Callable[[], str]] = current_app.extensions["console.nav"]
    count = counts.get(item.endpoint)
    current = request.blueprint in item.rooms
    return Line(item, url_for(item.endpoint), current, count() if count else "", counted=count is not None)
