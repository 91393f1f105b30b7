"""The blueprint that the pages of this room hang on."""

from flask import Blueprint

bp = Blueprint("alerts", __name__)
