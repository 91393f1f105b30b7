"""What every reply carries, whatever its status; and who is answered at all."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from console.accounts import actions
from console.infra.actor import SYSTEM, Role
from console.infra.db import db
from tests.conftest import Cast, SignIn, give_session
from tests.security.conftest import PRODUCTION, MakeApp

HTTPS = "https://console.example.org"

EXPECTED = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Permitted-Cross-Domain-Policies": "none",
}


def replies(app: Flask) -> dict[str, TestResponse]:
    """One reply of each kind that the app can give."""
    client = app.test_client()
    style = client.get("/static/css/tokens.css", base_url=HTTPS)
    kinds = {
        "200": client.get("/sign-in", base_url=HTTPS),
        "303": client.get("/", base_url=HTTPS),
        "401 api": client.get("/api/v1/users", base_url=HTTPS),
        "400": client.post("/sign-in", base_url=HTTPS, headers={"X-CSRFToken": "wrong"}),
        "403": client.post("/sign-in", base_url=HTTPS, headers={"Origin": "https://evil.example"}),
        "404": client.get("/nothing", base_url=HTTPS),
        "405": client.get("/sign-out", base_url=HTTPS),
        "500": client.get("/boom", base_url=HTTPS),
        "static": client.get("/static/css/tokens.css", base_url=HTTPS),
        "static 404": client.get("/static/nothing", base_url=HTTPS),
        "health": client.get("/health/live", base_url=HTTPS),
        "host": client.get("/sign-in", base_url="https://evil.example"),
        "304": client.get(
            "/static/css/tokens.css",
            base_url=HTTPS,
            headers={"If-None-Match": style.headers["ETag"]},
        ),
    }
    for name in ("429", "429 api"):
        path = "/api/v1/users" if "api" in name else "/sign-in"
        kinds[name] = client.get(path, base_url=HTTPS)
        while kinds[name].status_code != 429:
            kinds[name] = client.get(path, base_url=HTTPS)
    return kinds


@pytest.fixture
def production(make_app: MakeApp, monkeypatch: pytest.MonkeyPatch) -> Flask:
    monkeypatch.setattr("console.web.limits.PAGES", "30/minute")
    return make_app(**PRODUCTION, rate_limit_api="5/minute")


def test_every_reply_carries_every_header(production: Flask) -> None:
    wrong = []
    for kind, reply in replies(production).items():
        assert str(reply.status_code) in kind or kind in {"static", "static 404", "health", "host"}, kind
        for name, value in EXPECTED.items():
            if reply.headers.getlist(name) != [value]:
                wrong.append(f"{kind}: {name}: {reply.headers.getlist(name)}")
        if "max-age=31556926; includeSubDomains" not in reply.headers.get("Strict-Transport-Security", ""):
            wrong.append(f"{kind}: no HSTS")
        if set(re.split(r";\s*", reply.headers["Content-Security-Policy"])) != POLICY:
            wrong.append(f"{kind}: {reply.headers['Content-Security-Policy']}")
        if "camera=()" not in reply.headers.get("Permissions-Policy", ""):
            wrong.append(f"{kind}: no Permissions-Policy")
        reply.close()
    assert wrong == []


POLICY = {
    "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:", "font-src 'self'",
    "connect-src 'self'", "manifest-src 'self'", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'",
}  # fmt: skip


def test_cookies_of_production_are_bound_to_host_and_https(production: Flask) -> None:
    client = production.test_client()
    with production.app_context():
        actions.create("ada@example.com", role=Role.ADMIN, by=SYSTEM, password="lagoon tractor seven")
        db.session.commit()
    page = client.get("/sign-in", base_url=HTTPS)
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert token
    client.csrf = False  # type: ignore[attr-defined]
    typed = {"email": "ada@example.com", "password": "lagoon tractor seven", "csrf_token": token.group(1)}
    entered = client.post("/sign-in", data=typed, base_url=HTTPS)
    assert entered.status_code == 303
    cookies = page.headers.getlist("Set-Cookie") + entered.headers.getlist("Set-Cookie")
    assert {cookie.partition("=")[0] for cookie in cookies} == {"__Host-csrf", "__Host-session"}
    for cookie in cookies:
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= {part.strip() for part in cookie.split(";")}
        assert "Domain" not in cookie
        assert len(cookie) < 4096
    assert client.get("/settings", base_url=HTTPS).status_code == 200


@pytest.mark.parametrize("path", ["/", "/sign-in", "/api/v1/users", "/static/css/tokens.css"])
def test_production_leads_to_https(production: Flask, path: str) -> None:
    led = production.test_client().get(path, base_url="http://console.example.org")
    assert (led.status_code, led.location) == (308, HTTPS + path)


@pytest.mark.parametrize("path", ["/health/live", "/health/ready", "/health", "/ready"])
def test_probes_are_never_redirected(production: Flask, path: str) -> None:
    for host in ("http://console.example.org", "http://127.0.0.1:8000"):
        asked = production.test_client().get(path, base_url=host)
        assert asked.status_code in {200, 503}
    spoofed = production.test_client().get("/", base_url="http://console.example.org", headers=PROXIED)
    assert spoofed.status_code == 308


PROXIED = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9", "X-Forwarded-Host": "evil.example"}


@pytest.mark.parametrize(
    "host", ["evil.example", "console.example.org.evil.example", "console.example.org@evil", "a b"]
)
def test_an_unknown_host_is_refused(production: Flask, host: str) -> None:
    refused = production.test_client().get("/sign-in", headers={"Host": host}, base_url=HTTPS)
    assert refused.status_code == 400
    assert host not in refused.headers.get("Location", "")


def test_development_answers_only_this_machine(client: FlaskClient) -> None:
    assert client.get("/sign-in", base_url="http://localhost:8000").status_code == 200
    assert client.get("/sign-in", base_url="http://127.0.0.1:8000").status_code == 200
    assert client.get("/sign-in", base_url="http://rebound.example:8000").status_code == 400


def test_links_come_from_the_settings_not_from_the_request(client: FlaskClient, cast: Cast, sign_in: SignIn) -> None:
    sign_in(client, cast.ada)
    shown = client.post(f"/settings/users/{cast.vi.id}/link", headers={"X-Forwarded-Host": "evil.example"})
    assert "http://127.0.0.1:8000/link/" in shown.text
    assert "evil.example" not in shown.text


@pytest.mark.parametrize(("hops", "counted"), [(0, "127.0.0.1"), (1, "203.0.113.9"), (2, "198.51.100.7")])
def test_only_configured_proxies_are_believed(make_app: MakeApp, hops: int, counted: str) -> None:
    from flask import request

    app = make_app(proxy_hops=hops)
    forwarded = "192.0.2.66, 198.51.100.7, 203.0.113.9"
    with app.test_client() as client:
        client.get("/health/live", headers={"X-Forwarded-For": forwarded, "X-Forwarded-Host": "localhost, localhost"})
        assert request.remote_addr == counted


def test_pages_are_not_kept_by_browsers(client: FlaskClient, cast: Cast, sign_in: SignIn) -> None:
    sign_in(client, cast.ada)
    for path in ("/settings", "/audit", "/settings/users", "/sign-in", "/nothing"):
        assert client.get(path).headers["Cache-Control"] == "no-store", path


TELLING = r"Traceback|werkzeug|flask|sqlalchemy|psycopg|canary"


def test_nothing_tells_what_it_runs_on(production: Flask) -> None:
    for kind, reply in replies(production).items():
        assert "X-Powered-By" not in reply.headers, kind
        assert not re.search(
            r"Traceback|werkzeug|flask|sqlalchemy|psycopg|canary", reply.get_data(as_text=True), re.IGNORECASE
        ), kind
        reply.close()


def test_a_broken_page_gives_a_reference(production: Flask) -> None:
    broken = production.test_client().get("/boom", base_url=HTTPS, headers={"X-Request-ID": "reference-1234"})
    assert broken.status_code == 500
    assert "reference-1234" in broken.text
    assert "ZeroDivisionError" not in broken.text


def test_a_session_of_development_is_unknown_to_production(production: Flask) -> None:
    with production.app_context():
        user = actions.create("ada@example.com", role=Role.ADMIN, by=SYSTEM)
        client = give_session(production.test_client(), user)
    assert client.get("/settings", base_url=HTTPS).status_code == 303
