"""What programs send: JSON bodies and query strings, read into pydantic models or refused with a pointer per fault."""

from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

import orjson
from flask import current_app, request
from gunicorn.http.errors import ParseException
from pydantic import AfterValidator, BaseModel, ValidationError
from pydantic_core import ErrorDetails
from werkzeug.exceptions import RequestEntityTooLarge

from console.infra.errors import BadRequest, Fault, Invalid, TooLarge, UnsupportedType
from console.web.openapi import description

M = TypeVar("M", bound=BaseModel)


def to_utc(at: datetime) -> datetime:
    """The instant in UTC, which it is taken to be without an offset: PostgreSQL refuses offsets that Python takes."""
    try:
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except OverflowError as error:
        raise ValueError("lies beyond the calendar") from error


Utc = Annotated[datetime, AfterValidator(to_utc)]

JSON_TYPES = frozenset({"application/json"})
# Bytes of a body, where a view says nothing else: far more than any of our models may hold.
MOST = 16 * 1024 * 1024


def body(model: type[M], *, optional: bool = False) -> M:
    """The request's JSON object; an `optional` one may be left out. Raises UnsupportedType, BadRequest, Invalid."""
    raw = whole_body()
    if not raw and optional:
        return _valid(model, {})
    if request.mimetype not in JSON_TYPES:
        raise UnsupportedType("Send JSON with 'Content-Type: application/json'.")
    try:
        found = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise BadRequest(f"The body is not JSON: {error}.") from error
    return _valid(model, _without_what_is_only_read(model, found))


def _without_what_is_only_read(model: type[BaseModel], found: Any) -> Any:
    """What GET answers can be changed and PUT back: of that, the names that no PUT sets are no fault."""
    said = description(current_app.view_functions[request.endpoint or ""]) if request.method == "PUT" else None
    if said is None or said.reply is None or not isinstance(found, dict):
        return found
    only_read = said.reply.model_fields.keys() - model.model_fields.keys()
    return {name: value for name, value in found.items() if name not in only_read}


def whole_body(*, at_most: int = MOST, too_large: str = "At most 16 MiB a request; nothing was read.") -> bytes:
    """The body as it was sent, `at_most` so many bytes.

    Raises TooLarge, UnsupportedType for a compressed one, BadRequest when it ended before its announced length.
    """
    request.max_content_length = at_most
    if request.headers.get("Content-Encoding", "identity").strip().lower() not in {"", "identity"}:
        raise UnsupportedType("Send the body uncompressed, without a Content-Encoding.")
    try:
        raw = request.get_data(cache=True)
    except RequestEntityTooLarge as error:
        raise TooLarge(too_large) from error
    except ParseException as error:
        raise BadRequest(f"The body cannot be read: {error}.") from error
    # gunicorn ends a body whose sender went away as if it were whole: of lines, those that came would be taken.
    if request.content_length is not None and len(raw) < request.content_length:
        raise BadRequest(f"The body ended after {len(raw):,} of {request.content_length:,} bytes; nothing was stored.")
    return raw


def query(model: type[M]) -> M:
    """The query string; a name given several times is a list of its values. Raises Invalid."""
    known = {name: values for name, values in request.args.lists() if name in model.model_fields}
    if faults := [Fault(f"/{name}", "NUL cannot be looked for.") for name, vs in known.items() if "\0" in "".join(vs)]:
        raise Invalid("A parameter holds a NUL character.", errors=faults)
    given = {name: [value for value in values if value] for name, values in known.items()}
    return _valid(model, {name: vs[0] if len(vs) == 1 else vs for name, vs in given.items() if vs})


def _valid(model: type[M], found: Any) -> M:
    try:
        return model.model_validate(found)
    except ValidationError as error:
        faults = faults_of(error.errors(include_url=False, include_input=False))
        raise Invalid("The input breaks a rule; see errors.", errors=faults) from error


def faults_of(errors: list[ErrorDetails], at: str = "") -> list[Fault]:
    """Pydantic's errors as JSON pointers (RFC 6901) below `at` and sentences."""
    return [Fault(at + pointer(error["loc"]), error["msg"]) for error in errors]


def pointer(path: tuple[int | str, ...]) -> str:
    """A JSON pointer."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)
