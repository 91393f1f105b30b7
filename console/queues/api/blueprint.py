"""The blueprint, and what its replies share."""

from flask import Blueprint, Response
from pydantic import BaseModel

bp = Blueprint("queues_api", __name__)


def reply(model: BaseModel, status: int = 200) -> Response:
    """The model as JSON."""
    return Response(model.model_dump_json(), status, mimetype="application/json")
