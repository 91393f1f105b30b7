"""The blueprint of the room's pages."""

from flask import Blueprint

bp = Blueprint("tickets", __name__)
# What these pages show: the menu beside them counts the alerts.
ROOMS = ("tickets", "alerts")
