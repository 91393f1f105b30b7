"""`POST /failures`: one failure, an array of them, or one a line."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import orjson
from flask import Response, request
from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticCustomError

from console.alerts import actions
from console.alerts.api import sieve
from console.alerts.api.blueprint import bp, reply
from console.alerts.api.failure_in import FailureIn
from console.alerts.rules.failure import Failure
from console.infra import clock
from console.infra.actor import Scope
from console.infra.errors import BadRequest, Fault, Invalid, TooLarge, UnsupportedType
from console.web import openapi
from console.web.auth import requires_scope
from console.web.inputs import faults_of, whole_body

MAX_ITEMS = 1_000
MAX_BYTES = 16 * 1024 * 1024
LINES = frozenset({"application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines"})
TOO_MANY = f"At most {MAX_ITEMS:,} failures or {MAX_BYTES // 1024 // 1024} MiB a request; send several."


class Rejected(BaseModel):
    """An item that was not stored; `index` counts from 0."""

    index: int
    errors: list[openapi.FaultOut]


class Ingested(BaseModel):
    """What became of the items; `alerts` has the alert of each accepted or duplicate item, in their order."""

    accepted: int
    duplicates: int
    rejected: list[Rejected]
    alerts: list[int]


ITEM = {"$ref": openapi.REFS.format(model="FailureIn")}
CONTENT = {
    "application/json": {"schema": {"oneOf": [ITEM, {"type": "array", "items": ITEM, "maxItems": MAX_ITEMS}]}},
    "application/x-ndjson": {"schema": {"type": "string", "description": "One failure a line."}},
}


@bp.post("/failures")
@requires_scope(Scope.INGEST)
@openapi.describe(
    "Report failures: one, an array of up to 1,000, or one a line",
    reply=Ingested,
    status=202,
    body=FailureIn,
    content=CONTENT,
    problems={
        413: TOO_MANY,
        422: "Nothing was valid, and nothing was stored; `errors` says where",
        429: "Too many requests, or all of it is over its service's limit; nothing was stored, see Retry-After",
    },
)
def report() -> Response:
    """Store what is valid; the reply tells the rest. 422 when nothing is."""
    at = clock.now()
    items, one = _items()
    valid, rejected = _sorted(items, at, one=one)
    valid, rejected = _within_limits(valid, rejected, at, one=one)
    if not valid:
        faults = [Fault(e.pointer, e.detail) for item in rejected for e in item.errors]
        raise Invalid("No failure in this request is valid; nothing was stored.", errors=faults or [NOTHING])
    done = actions.ingest(list(valid.values()), at=at)
    told = Ingested(accepted=done.accepted, duplicates=done.duplicates, rejected=rejected, alerts=list(done.alerts))
    return reply(told, 202)


NOTHING = Fault("", "It holds no failure.")


def _items() -> tuple[list[Any], bool]:
    """The items of the body, and whether it is just one object."""
    raw = whole_body(at_most=MAX_BYTES, too_large=TOO_MANY)
    if request.mimetype in LINES:
        found = _lines(raw)
    elif request.mimetype == "application/json":
        found = _whole(raw)
    else:
        raise UnsupportedType("Send 'Content-Type: application/json' or 'application/x-ndjson'.")
    items = found if isinstance(found, list) else [found]
    if len(items) > MAX_ITEMS:
        raise TooLarge(f"{len(items):,} failures. {TOO_MANY}", errors=[Fault(f"/{MAX_ITEMS}", "One too many.")])
    return items, not isinstance(found, list)


def _whole(raw: bytes) -> Any:
    try:
        return _loads(raw)
    except ValueError as error:
        lines = raw.strip().split(b"\n")
        if len(lines) > 1 and lines[0].strip().endswith(b"}") and (found := _all_lines(lines)) is not None:
            return found
        raise BadRequest(f"The body is not JSON: {error}.") from error


def _all_lines(lines: list[bytes]) -> list[Any] | None:
    try:
        return [_loads(line) for line in lines if line.strip()]
    except ValueError:
        return None


def _lines(raw: bytes) -> list[Any]:
    lines = [line for line in raw.split(b"\n") if line.strip()]
    if len(lines) > MAX_ITEMS:
        raise TooLarge(f"{len(lines):,} failures. {TOO_MANY}", errors=[Fault(f"/{MAX_ITEMS}", "One too many.")])
    found = _all_lines(lines)
    if found is None:
        raise BadRequest("A line of the body is not JSON. Nothing was stored.")
    return found


def _loads(raw: bytes) -> Any:
    """JSON by the fast reader; lone surrogates, which it refuses, by the other one. Raises ValueError."""
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        if b"\\u" not in raw:
            raise
    try:
        return json.loads(raw, parse_constant=_no_constant)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def _no_constant(name: str) -> Callable[[], None]:
    raise ValueError(f"{name} is not JSON")


def _sorted(items: list[Any], at: datetime, *, one: bool) -> tuple[dict[int, Failure], list[Rejected]]:
    valid: dict[int, Failure] = {}
    rejected: list[Rejected] = []
    for index, item in enumerate(items):
        place = "" if one else f"/{index}"
        try:
            valid[index] = FailureIn.model_validate(item).failure(at)
        except ValidationError as error:
            faults = faults_of(error.errors(include_url=False, include_input=False, include_context=False), place)
            rejected.append(_rejected(index, faults))
        except PydanticCustomError as error:
            rejected.append(_rejected(index, [Fault(f"{place}/{error.type}", error.message())]))
    return valid, rejected


def _within_limits(
    valid: dict[int, Failure], rejected: list[Rejected], at: datetime, *, one: bool
) -> tuple[dict[int, Failure], list[Rejected]]:
    """What the limits of their services let in; the rest is told with what is not valid, in the order of the items."""
    places = list(valid)
    over = {places[n] for n in sieve.sieve(list(valid.values()), at)} if valid else set()
    if not over:
        return valid, rejected
    told = [_rejected(n, [sieve.fault("" if one else f"/{n}", valid[n], at)]) for n in over]
    kept = {place: failure for place, failure in valid.items() if place not in over}
    return kept, sorted([*rejected, *told], key=lambda item: item.index)


def _rejected(index: int, faults: list[Fault]) -> Rejected:
    return Rejected(index=index, errors=[openapi.FaultOut(pointer=f.pointer, detail=f.detail) for f in faults])
