"""The blueprint of the room's pages."""

from flask import Blueprint, current_app

bp = Blueprint("tickets", __name__)
# What these pages show: the menu beside them counts the alerts.
ROOMS = ("tickets", "alerts")


@bp.app_template_global()
def has_page(endpoint: str) -> bool:
    """Whether there is a page of this name."""
    return endpoint in current_app.view_functions
