"""The blueprint, and what its lists and replies share."""

from flask import Blueprint, Response, jsonify, make_response
from pydantic import BaseModel, Field

from console.infra.paging import DEFAULT_LIMIT, MAX_LIMIT

bp = Blueprint("oncall_api", __name__)


class SetupListing(BaseModel):
    """Which part of a list."""

    limit: int = Field(DEFAULT_LIMIT, ge=1, le=MAX_LIMIT)
    cursor: str | None = None


def reply(model: BaseModel, status: int = 200) -> Response:
    """The model as JSON."""
    return make_response(jsonify(model.model_dump(mode="json")), status)
