"""Every route against every role, made from the URL map: a new route is tested the moment it exists."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis
from werkzeug.routing import Rule

from console.infra.actor import Role, Scope
from console.web.auth import access_rule
from tests.conftest import Cast, SignIn

UUID = "00000000-0000-4000-8000-000000000000"

# What everybody who is signed in may change: things of their own.
OWN = {
    "accounts.sign_out",
    "accounts.confirm_submit",
    "accounts.change_profile",
    "accounts.change_password",
    "accounts.revoke_session",
    "accounts.revoke_other_sessions",
    "shell.theme",
    # One's own; the action refuses a shared one.
    "alerts.save_view",
    "alerts.change_view",
    "alerts.delete_view",
    "tickets.save_view",
    "tickets.change_view",
    "tickets.delete_view",
    # What would be: nothing is saved.
    "tickets_api.preview_calendar",
    "tickets_api.preview_policy",
    "tickets_api.preview_sharing",
    "tickets_api.read_file",
}
ADMINS_ONLY = ("accounts.users", "accounts.user", "accounts.create_user", "accounts.change_user", "accounts.make_link",
               "accounts.delete_user", "accounts.revoke_user_sessions", "accounts.tokens", "accounts.create_token",
               "accounts.revoke_token")  # fmt: skip


@pytest.fixture
def unlimited(app: Flask) -> Iterator[None]:
    """There are more routes than an API token may ask a minute."""
    before = app.extensions["console.settings"]
    app.extensions["console.settings"] = before.model_copy(update={"rate_limit_api": "100000/minute"})
    yield
    app.extensions["console.settings"] = before


def routes(app: Flask) -> Iterator[tuple[Rule, str]]:
    """(rule, method) of all routes but static files; HEAD and OPTIONS follow GET."""
    for rule in app.url_map.iter_rules():
        if rule.endpoint != "static":
            yield from ((rule, method) for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}))


def page_roles(app: Flask, rule: Rule) -> tuple[Role, ...]:
    """The roles of which a page asks for one; none for the API and for what is public."""
    found = access_rule(app.view_functions[rule.endpoint])
    several = found if isinstance(found, tuple) else (found,)
    return tuple(role for role in several if isinstance(role, Role))


def path_of(app: Flask, rule: Rule) -> str:
    """A path of the rule for something that does not exist."""
    kinds: dict[str, Any] = {"IntegerConverter": 999_999, "UUIDConverter": UUID}
    values = {name: kinds.get(type(rule._converters[name]).__name__, "nothing") for name in rule.arguments}
    built = rule.build(values, append_unknown=False)
    assert built, rule
    return built[1]


def ask(client: FlaskClient, app: Flask, rule: Rule, method: str, **more: Any) -> tuple[int, str]:
    response = client.open(path_of(app, rule), method=method, **more)
    response.close()
    return response.status_code, response.location or ""


def test_pages_let_each_role_in_as_they_say(app: Flask, client: FlaskClient, cast: Cast, sign_in: SignIn) -> None:
    people = {Role.VIEWER: cast.vi, Role.RESPONDER: cast.olu, Role.MANAGER: cast.max_, Role.ADMIN: cast.ada}
    wrong, seen = [], 0
    for rule, method in routes(app):
        needed = page_roles(app, rule)
        if not needed:
            continue
        for role, person in people.items():
            status, location = ask(sign_in(client, person), app, rule, method)
            let_in = status not in {401, 403} and not location.startswith("/sign-in?")
            seen += 1
            if let_in is not any(role.includes(one) for one in needed):
                wrong.append(f"{method} {rule.rule} as {role}: {status}")
    assert wrong == []
    assert seen > 40


def test_pages_send_strangers_to_sign_in(app: Flask, client: FlaskClient) -> None:
    wrong = []
    for rule, method in routes(app):
        if page_roles(app, rule):
            status, location = ask(client, app, rule, method)
            fragment, _ = ask(client, app, rule, method, headers={"HX-Request": "true"})
            if status != 303 or not location.startswith("/sign-in") or fragment != 401:
                wrong.append(f"{method} {rule.rule}: {status} {fragment}")
    assert wrong == []


@pytest.mark.usefixtures("unlimited")
def test_the_api_lets_each_scope_in_as_it_says(
    app: Flask, client: FlaskClient, cast: Cast, sign_in: SignIn, token: Callable[..., str], redis_conn: Redis
) -> None:
    secrets = {scope: token(scope) for scope in Scope}
    wrong, seen = [], 0
    for rule, method in routes(app):
        needed = access_rule(app.view_functions[rule.endpoint])
        if not isinstance(needed, Scope):
            continue
        for scope, secret in secrets.items():
            status, _ = ask(client, app, rule, method, headers={"Authorization": f"Bearer {secret}"})
            seen += 1
            if (status == 403) is (scope is needed) or status == 401:
                wrong.append(f"{method} {rule.rule} with {scope}: {status}")
        # Strangers may ask a hundred times a minute, and there are more routes than that.
        redis_conn.flushdb()
        assert ask(client, app, rule, method)[0] == 401, rule
        assert ask(sign_in(client, cast.ada), app, rule, method)[0] == 401, "a session is no token"
        client.delete_cookie("session")
    assert wrong == []
    assert seen > 40


def test_changing_things_needs_more_than_reading(app: Flask) -> None:
    weak = [
        f"{method} {rule.rule}"
        for rule, method in routes(app)
        if method != "GET"
        and access_rule(app.view_functions[rule.endpoint]) in {Role.VIEWER, Scope.READ}
        and rule.endpoint not in OWN
    ]
    assert weak == []


@pytest.mark.parametrize("endpoint", ADMINS_ONLY)
def test_user_management_is_for_admins(app: Flask, endpoint: str) -> None:
    assert access_rule(app.view_functions[endpoint]) is Role.ADMIN


def test_the_trail_is_for_managers_and_admins(app: Flask) -> None:
    rules = {name: access_rule(view) for name, view in app.view_functions.items() if name.startswith("audit")}
    assert set(rules.values()) == {Role.MANAGER, Scope.ADMIN}
