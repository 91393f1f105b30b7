"""The pages of this room."""

from flask import Blueprint

bp = Blueprint("queues", __name__)
