"""The JSON API of this room."""

from flask import Blueprint

bp = Blueprint("audit_api", __name__)
