"""What the menu says beside Tickets."""

from flask import request

from console.tickets.queries import menu
from console.tickets.queries.desk import CAP
from console.tickets.views.blueprint import ROOM, bp
from console.web import live


def at_risk() -> str:
    """The short fact "4 at risk", or nothing; polls of other rooms' pages share it.

    A page of tickets is answered anew only when a ticket has changed, and would keep a shared one that is a little old.
    """
    return live.lasting(ROOM, _told) if request.blueprint == bp.name else live.fact((ROOM,), _told)


def _told() -> str:
    number = menu.at_risk()
    return f"{min(number, CAP):,}{'+' if number > CAP else ''} at risk" if number else ""
