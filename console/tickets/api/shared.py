"""The blueprint, and what its lists and replies share."""

from typing import Annotated

from flask import Blueprint, Response, make_response
from pydantic import AfterValidator, BaseModel, Field

from console.infra.paging import DEFAULT_LIMIT, MAX_LIMIT
from console.tickets.rules import within

bp = Blueprint("tickets_api", __name__)


def _one_way(text: str) -> str:
    return within.text(within.read(text))


# A length ahead of now, in one way of writing it.
Ahead = Annotated[
    str,
    Field(max_length=40, description="The nearest deadline is over or comes within this time, such as 30m, 4h or 2d."),
    AfterValidator(_one_way),
]


class Part(BaseModel):
    """Which part of a list."""

    limit: int = Field(DEFAULT_LIMIT, ge=1, le=MAX_LIMIT)
    cursor: str | None = None


def reply(model: BaseModel, status: int = 200) -> Response:
    """The model as JSON."""
    response = make_response(model.model_dump_json(), status)
    response.mimetype = "application/json"
    return response
