"""The JSON API of users and tokens (scope `admin`), and who holds a bearer token."""

from datetime import datetime
from typing import Annotated

from flask import Blueprint, Response, g, jsonify, make_response, request, url_for
from pydantic import BaseModel, ConfigDict, Field

from console.accounts import actions, queries
from console.accounts.actions import Changes
from console.accounts.models import ApiToken, Theme, User
from console.infra import clock
from console.infra.actor import Actor, Role, Scope
from console.infra.crypto import token_hash
from console.infra.paging import DEFAULT_LIMIT, MAX_LIMIT, decode, page_of
from console.web import auth
from console.web.auth import requires_scope
from console.web.inputs import Utc, body, query
from console.web.openapi import describe
from console.web.settings import settings

bp = Blueprint("accounts_api", __name__)

Secret = Annotated[str, Field(json_schema_extra={"format": "password"})]


class Listing(BaseModel):
    """Which part of a list."""

    limit: int = Field(DEFAULT_LIMIT, ge=1, le=MAX_LIMIT)
    cursor: str | None = None


class UserOut(BaseModel):
    """A user; `disabled_at` is null while they may sign in."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    email: str
    name: str
    role: Role
    timezone: str
    theme: Theme
    created_at: datetime
    disabled_at: datetime | None


class UserMade(UserOut):
    """A new user; `link` signs them in once, and is there when no password was given."""

    link: str | None


class UserPage(BaseModel):
    """Users by id."""

    items: list[UserOut]
    next_cursor: str | None


class UserNew(BaseModel):
    """A user to make."""

    model_config = ConfigDict(extra="forbid")

    email: str
    role: Role
    name: str = ""
    password: Secret | None = None


class UserChange(BaseModel):
    """What to change; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    name: str | None = None
    role: Role | None = None
    timezone: str | None = None
    theme: Theme | None = None
    disabled: bool | None = None


class TokenOut(BaseModel):
    """A token without its secret; `prefix` is the secret's beginning."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    name: str
    prefix: str
    scopes: list[Scope]
    created_at: datetime
    created_by: str
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None


class TokenMade(TokenOut):
    """A new token; `token` is its secret and is never shown again."""

    token: str


class TokenPage(BaseModel):
    """Tokens by id."""

    items: list[TokenOut]
    next_cursor: str | None


class TokenNew(BaseModel):
    """A token to make, or all that may change of one."""

    model_config = ConfigDict(extra="forbid")

    name: str
    scopes: list[Scope] = Field(min_length=1)
    expires_at: Utc | None = None


def load_token(secret: str) -> Actor | None:
    """The holder of a bearer token, or None: unknown, expired or revoked. Its use is noted once a minute."""
    now = clock.now()
    token = queries.living_token(token_hash(secret), now)
    if token is None:
        return None
    actions.note_use(token.id, token.last_used_at, now)
    return token.actor(request.remote_addr, g.get("request_id"))


@bp.get("/users")
@requires_scope(Scope.ADMIN)
@describe("All users", query=Listing, reply=UserPage)
def users() -> Response:
    wanted = query(Listing)
    rows = queries.users_page(limit=wanted.limit + 1, after=_after(wanted))
    page = page_of(rows, wanted.limit, lambda user: (user.id,))
    return _json(UserPage(items=[UserOut.model_validate(user) for user in page.items], next_cursor=page.next_cursor))


@bp.post("/users")
@requires_scope(Scope.ADMIN)
@describe("Make a user", body=UserNew, reply=UserMade, status=201, problems={409: "The address is taken"})
def create_user() -> Response:
    new, me = body(UserNew), auth.current_actor()
    user = actions.create(new.email, role=new.role, name=new.name, password=new.password, by=me)
    link = None
    if new.password is None:
        link = settings().public_url + url_for("accounts.link", secret=actions.make_link(user, by=me))
    return _json(UserMade(**UserOut.model_validate(user).model_dump(), link=link), 201)


@bp.get("/users/<int:user_id>")
@requires_scope(Scope.ADMIN)
@describe("One user", reply=UserOut)
def user(user_id: int) -> Response:
    return _json(_user(queries.get_user(user_id)))


@bp.put("/users/<int:user_id>")
@requires_scope(Scope.ADMIN)
@describe("Change a user", body=UserChange, reply=UserOut, problems={409: "The last admin stays admin"})
def change_user(user_id: int) -> Response:
    found, wanted = queries.get_user(user_id), body(UserChange)
    changes = Changes(wanted.name, wanted.role, wanted.timezone, wanted.theme, wanted.disabled)
    return _json(_user(actions.change(found, changes, by=auth.current_actor())))


@bp.delete("/users/<int:user_id>")
@requires_scope(Scope.ADMIN)
@describe("Delete a user", status=204, problems={409: "The last admin stays"})
def delete_user(user_id: int) -> Response:
    actions.delete(queries.get_user(user_id), by=auth.current_actor())
    return make_response("", 204)


@bp.get("/tokens")
@requires_scope(Scope.ADMIN)
@describe("All tokens", query=Listing, reply=TokenPage)
def tokens() -> Response:
    wanted = query(Listing)
    rows = queries.tokens_page(limit=wanted.limit + 1, after=_after(wanted))
    page = page_of(rows, wanted.limit, lambda token: (token.id,))
    return _json(TokenPage(items=[_token(token) for token in page.items], next_cursor=page.next_cursor))


@bp.post("/tokens")
@requires_scope(Scope.ADMIN)
@describe("Make a token; its secret is in this reply and nowhere else", body=TokenNew, reply=TokenMade, status=201)
def create_token() -> Response:
    new = body(TokenNew)
    token, secret = actions.create_token(new.name, new.scopes, by=auth.current_actor(), expires_at=new.expires_at)
    return _json(TokenMade(**_token(token).model_dump(), token=secret), 201)


@bp.get("/tokens/<int:token_id>")
@requires_scope(Scope.ADMIN)
@describe("One token", reply=TokenOut)
def token(token_id: int) -> Response:
    return _json(_token(queries.get_token(token_id)))


@bp.put("/tokens/<int:token_id>")
@requires_scope(Scope.ADMIN)
@describe("Change a token", body=TokenNew, reply=TokenOut, problems={409: "It is revoked"})
def change_token(token_id: int) -> Response:
    found, wanted = queries.get_token(token_id), body(TokenNew)
    me = auth.current_actor()
    changed = actions.change_token(found, by=me, name=wanted.name, scopes=wanted.scopes, expires_at=wanted.expires_at)
    return _json(_token(changed))


@bp.delete("/tokens/<int:token_id>")
@requires_scope(Scope.ADMIN)
@describe("Revoke a token", status=204)
def revoke_token(token_id: int) -> Response:
    actions.revoke_token(queries.get_token(token_id), by=auth.current_actor())
    return make_response("", 204)


def _after(wanted: Listing) -> int | None:
    return decode(wanted.cursor, int)[0] if wanted.cursor else None


def _user(found: User) -> UserOut:
    return UserOut.model_validate(found)


def _token(found: ApiToken) -> TokenOut:
    return TokenOut.model_validate(found)


def _json(model: BaseModel, status: int = 200) -> Response:
    return make_response(jsonify(model.model_dump(mode="json")), status)
