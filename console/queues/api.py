"""The JSON API of this room."""

from flask import Blueprint

bp = Blueprint("queues_api", __name__)
