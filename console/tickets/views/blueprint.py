"""The blueprint of the room's pages."""

from flask import Blueprint, current_app

bp = Blueprint("tickets", __name__)
# What these pages show: the menu beside them counts the alerts.
ROOM = "tickets"
ROOMS = (ROOM, "alerts")


@bp.app_template_global()
def has_page(endpoint: str) -> bool:
    """Whether there is a page of this name."""
    return endpoint in current_app.view_functions


@bp.app_template_filter()
def field_name(name: str) -> str:
    """A field of a ticket as people read it."""
    known = {"external_id": "Key", "url": "Address", "sla_policy": "SLA policy", "assignee": "Owner"}
    return known.get(name, name.replace("_", " ").capitalize())
