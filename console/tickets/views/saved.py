"""Saved views of the queue."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from markupsafe import Markup

from console.alerts.views.keeping import Keeping, Tab
from console.tickets.forms import queue as forms
from console.tickets.queries import desk
from console.tickets.rules.views import BUILT_IN, TICKETS
from console.tickets.views import shares
from console.tickets.views.blueprint import bp


def kept(args: Mapping[str, Any]) -> dict[str, Any]:
    """The queue's parameters among any."""
    return forms.kept(forms.read_filters(args))


def told(args: Mapping[str, Any]) -> str:
    """A view's filter in words."""
    parts = [Markup("{} {}").format(name.replace("_", " "), value) for name, value in forms.told(args).items()]
    return Markup(" · ").join(parts) or "everything"


def tabs(asked: Mapping[str, Any], mine: str) -> list[Tab]:
    """The views of a reader whom the helpdesk calls `mine`."""
    return replace(KEEPING, mine=lambda: mine).tabs(asked)


KEEPING = Keeping(TICKETS, BUILT_IN, kept, told, lambda: shares.mine(desk.loads()), fields=forms.FIELDS)
KEEPING.serve(bp, "/tickets/views")
