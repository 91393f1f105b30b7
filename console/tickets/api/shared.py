"""The blueprint, and what its lists and replies share."""

from flask import Blueprint, Response, make_response
from pydantic import BaseModel, Field

from console.infra.paging import DEFAULT_LIMIT, MAX_LIMIT

bp = Blueprint("tickets_api", __name__)


class Part(BaseModel):
    """Which part of a list."""

    limit: int = Field(DEFAULT_LIMIT, ge=1, le=MAX_LIMIT)
    cursor: str | None = None


def reply(model: BaseModel, status: int = 200) -> Response:
    """The model as JSON."""
    response = make_response(model.model_dump_json(), status)
    response.mimetype = "application/json"
    return response
