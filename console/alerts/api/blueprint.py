"""The blueprint that the modules of this package put their routes on."""

from flask import Blueprint, Response, current_app
from pydantic import BaseModel

bp = Blueprint("alerts_api", __name__)


def reply(model: BaseModel, status: int = 200) -> Response:
    """A model as the JSON reply."""
    return current_app.response_class(model.model_dump_json(by_alias=True), status=status, mimetype="application/json")
