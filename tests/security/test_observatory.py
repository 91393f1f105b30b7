"""The ten rules of the MDN HTTP Observatory (scanner 1.4.8, algorithm 4) for the sign-in page, without its network.

Redirection and CORS give no points when right; HSTS gives none unless the host is preloaded. So 140 is the most that a
host can reach which is not on the preload list. The scanner itself gives this page 140 as well.
"""

import re
from html.parser import HTMLParser

import pytest
from werkzeug.test import TestResponse

from tests.security.conftest import PRODUCTION, MakeApp

HTTPS = "https://console.example.org"
SIX_MONTHS = 15_768_000
PRIVATE = {"no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin"}


class Scripts(HTMLParser):
    """The attributes of every script of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[dict[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "script":
            self.found.append(dict(attrs))


def csp(page: TestResponse) -> int:
    policy = dict(part.strip().partition(" ")[::2] for part in page.headers["Content-Security-Policy"].split(";"))
    if "unsafe" in str(policy) or "http:" in str(policy) or "data:" in policy.get("script-src", ""):
        return -20
    strict = policy["default-src"] == "'none'" and policy.get("form-action") in {"'none'", "'self'"}
    return 10 if strict else 5


def cookies(page: TestResponse) -> int:
    for cookie in page.headers.getlist("Set-Cookie"):
        flags = {part.strip().lower() for part in cookie.split(";")[1:]}
        if "secure" not in flags:
            return -40
        if "httponly" not in flags:
            return -30
        if not flags & {"samesite=lax", "samesite=strict"}:
            return 0
    return 5 if page.headers.getlist("Set-Cookie") else 0


def hsts(page: TestResponse) -> int:
    age = re.search(r"max-age=(\d+)", page.headers.get("Strict-Transport-Security", ""))
    return -20 if age is None else (0 if int(age.group(1)) >= SIX_MONTHS else -10)


def integrity(page: TestResponse) -> int:
    parser = Scripts()
    parser.feed(page.text)
    assert parser.found
    return 5 if all(script.get("src") and script.get("integrity") for script in parser.found) else 0


def framing(page: TestResponse) -> int:
    return 5 if "frame-ancestors 'none'" in page.headers["Content-Security-Policy"] else 0


def others(page: TestResponse) -> int:
    score = 5 if page.headers.get("Referrer-Policy") in PRIVATE else -5
    score += 0 if page.headers.get("X-Content-Type-Options") == "nosniff" else -5
    score += 10 if page.headers.get("Cross-Origin-Resource-Policy") in {"same-origin", "same-site"} else 0
    return score - (50 if page.headers.get("Access-Control-Allow-Origin") == "*" else 0)


def redirection(plain: TestResponse) -> int:
    return 0 if plain.status_code in {301, 308} and plain.location.startswith(HTTPS) else -20


RULES = (csp, cookies, hsts, integrity, framing, others)


@pytest.mark.parametrize("path", ["/sign-in", "/reset", "/link/none"])
def test_the_sign_in_page_reaches_what_a_private_host_can(make_app: MakeApp, path: str) -> None:
    client = make_app(**PRODUCTION).test_client()
    page = client.get(path, base_url=HTTPS)
    scores = {rule.__name__: rule(page) for rule in RULES}
    total = 100 + sum(scores.values()) + redirection(client.get(path, base_url="http://console.example.org"))
    assert total >= (140 if page.headers.getlist("Set-Cookie") else 135), scores
