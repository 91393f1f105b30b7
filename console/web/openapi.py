"""The OpenAPI 3.1 document of the API: each route says what it is with `@describe`, this puts them together.

@bp.get("/things/<int:thing_id>")
@requires_scope(Scope.READ)
@describe("One thing", reply=Thing)
def get(thing_id: int) -> Response: ...
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

from flask import Blueprint, Flask, Response, current_app, jsonify
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from werkzeug.routing import Rule

from console.infra.actor import Scope
from console.web.auth import access_rule, public

P = ParamSpec("P")
T = TypeVar("T")

PREFIX = "/api/v1"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
REFS = "#/components/schemas/{model}"

bp = Blueprint("openapi", __name__)


class FaultOut(BaseModel):
    """One thing wrong, and where: a JSON pointer into the body, or the name of a parameter."""

    pointer: str
    detail: str


class Problem(BaseModel):
    """RFC 9457. `errors` is empty when nothing in particular is at fault."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[FaultOut]
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class Description:
    """What a route is: pydantic models of its body, query and reply, its status, and what else it may answer."""

    summary: str
    status: int
    reply: type[BaseModel] | None
    body: type[BaseModel] | None
    query: type[BaseModel] | None
    content: dict[str, Any] | None
    problems: dict[int, str]


def describe(
    summary: str,
    *,
    reply: type[BaseModel] | None = None,
    status: int = 200,
    body: type[BaseModel] | None = None,
    query: type[BaseModel] | None = None,
    content: dict[str, Any] | None = None,
    problems: dict[int, str] | None = None,
) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Describe a route of the API. `content` replaces `body` where the body is not one JSON object."""

    def decorate(view: Callable[P, T]) -> Callable[P, T]:
        found = Description(summary, status, reply, body, query, content, problems or {})
        setattr(view, "__described__", found)  # noqa: B010 - wraps() carries it through the access decorators
        return view

    return decorate


def description(view: Callable[..., Any]) -> Description | None:
    """What a view said of itself."""
    found: Description | None = getattr(view, "__described__", None)
    return found


@bp.get("/openapi.json")
@public
@describe("This document")
def document() -> Response:
    """The document, made once per process."""
    return jsonify(document_of(current_app))


def document_of(app: Flask) -> dict[str, Any]:
    """OpenAPI 3.1 of every described route under the prefix."""
    made: dict[str, Any] | None = app.extensions.get("console.openapi")
    if made is None:
        made = app.extensions["console.openapi"] = _build(app)
    return made


def _build(app: Flask) -> dict[str, Any]:
    routes = [
        (rule, method, found)
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith(PREFIX)
        for method in METHODS
        if method in (rule.methods or ())
        if (found := description(app.view_functions[rule.endpoint])) is not None
    ]
    paths: dict[str, dict[str, Any]] = {}
    for rule, method, found in sorted(routes, key=lambda route: route[0].rule):
        view = app.view_functions[rule.endpoint]
        path = re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule.rule.removeprefix(PREFIX))
        paths.setdefault(path, {})[method.lower()] = _operation(rule, view, found)
    return {
        "openapi": "3.1.0",
        "info": {"title": "console", "version": "1", "description": "Times are RFC 3339 in UTC."},
        "servers": [{"url": PREFIX}],
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": _schemas([found for _, _, found in routes]),
        },
        "paths": paths,
    }


def _schemas(described: list[Description]) -> dict[str, Any]:
    inputs = {model for d in described for model in (d.body, d.query) if model}
    outputs = {model for d in described if (model := d.reply)} | {Problem}
    found: list[tuple[type[BaseModel], Any]] = [(model, "validation") for model in inputs]
    found += [(model, "serialization") for model in outputs - inputs]
    _, schema = models_json_schema(sorted(found, key=lambda item: item[0].__name__), ref_template=REFS)
    schemas: dict[str, Any] = schema.get("$defs", {})
    return schemas


def _operation(rule: Rule, view: Callable[..., Any], found: Description) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": rule.endpoint.replace(".", "_"),
        "tags": [re.split(r"_api|\.", rule.endpoint)[0]],
        "summary": found.summary,
        "parameters": [*_path_parameters(rule), *_query_parameters(found)],
        "responses": _responses(rule, view, found),
    }
    if isinstance(scope := access_rule(view), Scope):
        operation["security"] = [{"token": []}]
        operation["description"] = f"Scope: `{scope}`."
    if body := _body(found):
        operation["requestBody"] = {"required": True, "content": body}
    return operation


def _body(found: Description) -> dict[str, Any] | None:
    if found.content is not None:
        return found.content
    return {"application/json": {"schema": _ref(found.body)}} if found.body else None


def _ref(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": REFS.format(model=model.__name__)}


def _path_parameters(rule: Rule) -> list[dict[str, Any]]:
    numbers = set(re.findall(r"<int:([^<>]+)>", rule.rule))
    uuids = set(re.findall(r"<uuid:([^<>]+)>", rule.rule))
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "integer", "minimum": 1}
            if name in numbers
            else {"type": "string", **({"format": "uuid"} if name in uuids else {})},
        }
        for name in sorted(rule.arguments)
    ]


def _query_parameters(found: Description) -> list[dict[str, Any]]:
    if found.query is None:
        return []
    schema = found.query.model_json_schema(ref_template=REFS)
    return [
        {"name": name, "in": "query", "required": name in schema.get("required", ()), "schema": part}
        for name, part in schema["properties"].items()
    ]


def _responses(rule: Rule, view: Callable[..., Any], found: Description) -> dict[str, Any]:
    done: dict[str, Any] = {"description": found.summary}
    if found.reply is not None:
        done["content"] = {"application/json": {"schema": _ref(found.reply)}}
    problems = dict(found.problems)
    if isinstance(access_rule(view), Scope):
        problems |= {
            401: "No valid token",
            403: "The token lacks the scope",
            429: problems.get(429, "Too many requests; see Retry-After"),
        }
        problems |= {503: "It cannot be stored or read now; see Retry-After"}
    if found.body or found.query or found.content:
        problems |= {422: problems.get(422, "Invalid input; `errors` says where")}
    if found.body or found.content:
        problems |= {
            400: "Not JSON, or cut off",
            413: problems.get(413, "Too large"),
            415: "Not a content type read here",
        }
    if rule.arguments:
        problems |= {404: problems.get(404, "There is no such thing")}
    answer = {"content": {"application/problem+json": {"schema": _ref(Problem)}}}
    return {str(found.status): done} | {str(s): {"description": d, **answer} for s, d in sorted(problems.items())}
