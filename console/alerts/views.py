"""The pages of this room."""

from flask import Blueprint

bp = Blueprint("alerts", __name__)
