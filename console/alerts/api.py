"""The JSON API of this room."""

from flask import Blueprint

bp = Blueprint("alerts_api", __name__)
