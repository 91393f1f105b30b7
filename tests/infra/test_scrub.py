"""Secrets are replaced wherever they stand; what is none is left alone."""

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.infra.scrub import REMOVED, is_secret_name, scrub_text, scrub_value

CANARY = "c4nary-Hunter2"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9"
PEM = f"-----BEGIN RSA PRIVATE KEY-----\nMIIE{CANARY}\n{CANARY}\n-----END RSA PRIVATE KEY-----"

PLANTED = [
    f"password={CANARY}",
    f"password = {CANARY}",
    f"PGPASSWORD={CANARY} psql",
    f"password='{CANARY}'",
    f'login("bob", password="{CANARY}")',
    f'    client = login(user, password="{CANARY}", retries=3)',
    f'{{"user": "bob", "password": "{CANARY}"}}',
    f"{{'user': 'bob', 'password': '{CANARY}'}}",
    f"{{'user': b'bob', b'password': b'{CANARY}'}}",
    f'{{\\"password\\": \\"{CANARY}\\", \\"a\\": 1}}',
    f'{{"password": "a\\"{CANARY}"}}',
    f"password: {CANARY}",
    f"token: {CANARY}\nnext line",
    f"storage_token={CANARY}",
    f"storageToken: '{CANARY}'",
    f"X-Api-Key: {CANARY}",
    f"Authorization: Bearer {CANARY}",
    f"authorization: Basic {CANARY}==",
    f"Authorization: Token token={CANARY}",
    f"'Authorization': 'Bearer {CANARY}'",
    f"('Authorization', 'Bearer {CANARY}')",
    f"[(b'authorization', b'Bearer {CANARY}')]",
    f"['cookie', 'session={CANARY}']",
    f"Cookie: theme=dark; sid={CANARY}; x={CANARY}\nHost: a",
    f"Set-Cookie: id={CANARY}; Path=/",
    f"curl -H 'Authorization: Bearer {CANARY}' https://x",
    f"got Bearer {CANARY} from client",
    f"postgresql://shop:{CANARY}@db-1:5432/shop",
    f"could not connect to amqp://guest:{CANARY}@rabbit//",
    f"redis://:{CANARY}@cache:6379/0",
    f"https://{CANARY}@o1.ingest.sentry.io/4",
    f"https://api.example.com/x?token={CANARY}&page=2",
    f"https://api.example.com/x?page=2&api_key={CANARY}#top",
    f"https://s3.example.com/b/k?X-Amz-Credential={CANARY}&X-Amz-Signature={CANARY}",
    f"https://x.blob.core.windows.net/a?sv=1&sig={CANARY}%3D",
    f"pg_dump --password {CANARY} shop",
    f"tool --token={CANARY} run",
    f"CREATE ROLE shop LOGIN PASSWORD '{CANARY}'",
    f"host=db-1 user=shop password={CANARY} dbname=shop",
    f"Server=db;User Id=sa;Password={CANARY};Encrypt=yes",
    f"DefaultEndpointsProtocol=https;AccountName=a;AccountKey={CANARY};EndpointSuffix=core",
    f"Key (token)=({CANARY}) already exists.",
    f"os.environ['SECRET_KEY'] = '{CANARY}'",
    f'config["dsn"] = "{CANARY}"',
    f'def login(token: str = "{CANARY}") -> None:',
    f'SECRET = """{CANARY}\n{CANARY}"""',
    f"auth=('bob', '{CANARY}')",
    f"secrets: ['{CANARY}', '{CANARY}x']",
    f"ConnectionError(url='https://a', api_key='{CANARY}')",
    f"Config(password=SecretValue('{CANARY}'))".replace("SecretValue(", "").replace("))", ")"),
    f"client_secret => {CANARY}",
    f"passwd%3D{CANARY}",
    f"private_key={CANARY}",
    f"csrfmiddlewaretoken={CANARY}&name=x",
    f"session_id={CANARY}",
    f"credentials={CANARY}",
    PEM,
    PEM.replace("\n", "\\n"),
    f"-----BEGIN PRIVATE KEY-----\n{CANARY}",
]
SHAPED = [
    JWT,
    "AKIAIOSFODNN7EXAMPLE",
    "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
    "github_pat_11ABCDEFG0abcdefghijkl_0123456789",
    "glpat-AbCdEfGhIjKlMnOpQrSt",
    "xoxb-1234567890-abcdefghij",
    "sk" + "_live_4eC39HqLyjWDarjtT1zdp7dc",
    "sk-proj-abcdefghijklmnopqrstuvwx",
    "AIzaSyA1234567890abcdefghijklmnopqrstuv",
    "hvs.CAESIAbcdefghijklmnopqrstuvwx1234",
    "xapp-1-A0123456789-abcdefghij",
    "dapi" + "0123456789abcdef" * 2,
    "console_Zr2J1uV5p0sT8kWq3mXyB7nC4dE6fG9hA0iL",
]
HARMLESS = [
    "KeyError: 'margins'",
    "KeyError: 'token'",
    "the monkey has a keyboard: it types",
    "token_count=5, max_tokens=7, primary_key=True, foreign_key='orders.id', routing_key='high'",
    "Access denied for user 'shop'@'10.0.0.1' (using password: YES)",
    'FATAL:  password authentication failed for user "shop"',
    "fe_sendauth: no password supplied",
    "Unexpected token: <",
    "sorted(rows, key=lambda row: row.id)",
    "    raise ValueError(password) from None",
    "    self.token = token",
    "    client = Client(token=self.token, password=settings.PASSWORD)",
    "    session = Session()",
    'duplicate key value violates unique constraint "orders_pkey"',
    "Key (email)=(bob) already exists.",
    "https://api.example.com:8443/v1/orders/12?page=2",
    "postgresql://shop@db-1/shop",
    "git@github.com:acme/shop.git",
    "author: Ada, authors=3, tokenize=True, secretary='Vi'",
    "password=None, token='', secret=False",
    "Bearer token is missing",
    "basic authentication is required",
    'File "/app/shop/auth.py", line 3, in check_token',
    "passed: 3, bypass=1, compass='N'",
    "assert design == signal",
]


@pytest.mark.parametrize("text", PLANTED)
def test_it_removes_a_planted_secret(text: str) -> None:
    found = scrub_text(f"before {text}")
    assert "Hunter2" not in found
    assert REMOVED in found
    assert found.startswith("before ")


@pytest.mark.parametrize("secret", SHAPED)
def test_it_knows_secrets_by_their_shape(secret: str) -> None:
    assert scrub_text(f"call with {secret}, then") == f"call with {REMOVED}, then"


@pytest.mark.parametrize("start", ["AKIA", "ASIA", "sk_live_", "rk_test_"])
def test_the_shortest_secrets_that_are_one_word_are_removed_without_anything_around_them(start: str) -> None:
    shortest = start + "ABCDEFGHIJKL"[: 12 if start.isupper() else 8]
    assert scrub_text(shortest) == REMOVED
    assert scrub_text(shortest[:-1]) == shortest[:-1]


@pytest.mark.parametrize("text", HARMLESS)
def test_it_leaves_alone_what_is_no_secret(text: str) -> None:
    assert scrub_text(text) == text


@pytest.mark.parametrize("text", [*PLANTED, *SHAPED, *HARMLESS])
def test_scrubbing_twice_changes_nothing_more(text: str) -> None:
    once = scrub_text(text)
    assert scrub_text(once) == once


def test_what_surrounds_a_secret_is_kept() -> None:
    assert scrub_text(f"amqp://guest:{CANARY}@rabbit/v") == f"amqp://guest:{REMOVED}@rabbit/v"
    assert scrub_text(f"a?token={CANARY}&page=2") == f"a?token={REMOVED}&page=2"
    traceback = f'  File "/app/a.py", line 3, in f\n    g(password="{CANARY}", n=1)\nValueError: 3\n'
    assert scrub_text(traceback) == traceback.replace(CANARY, REMOVED)


def test_text_without_secrets_is_the_same_object() -> None:
    text = "ValueError: 3"
    assert scrub_text(text) is text


SECRET_NAMES = (
    "password passwd db_password DB_PASSWORD dbPassword PGPASSWORD password_hash password2 passphrase secret "
    "client_secret clientSecret token storage_token storageToken X-Auth-Token access_token "
    "csrfmiddlewaretoken authorization Authorization Proxy-Authorization cookie Set-Cookie cookies key "
    "api_key apiKey apikey X-Api-Key secret_key SECRET_KEY privateKey access_key aws_secret_access_key dsn "
    "SENTRY_DSN credentials session session_id sessionid csrf jwt signature otp connection_string "
    "X-Amz-Signature refresh_tokens api_keys "
)
PLAIN_NAMES = (
    "monkey keyboard token_count max_tokens tokens primary_key foreign_key public_key sort_key routing_key "
    "cache_key author authors password_length secretary user id keys tokenizer passed sign design url "
    "database_url secret_name key_name cookie_policy "
)


@pytest.mark.parametrize("name", SECRET_NAMES.split())
def test_names_of_secrets(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize("name", PLAIN_NAMES.split())
def test_names_of_other_things(name: str) -> None:
    assert not is_secret_name(name)


def test_values_are_scrubbed_at_any_depth() -> None:
    value: Any = {
        "user": "bob",
        "password": CANARY,
        "nested": [{"headers": [["Authorization", CANARY], ("cookie", CANARY), [b"x-api-key", CANARY]]}],
        "params": [{"name": "token", "value": CANARY}, {"key": "colour", "value": "red"}],
        "secret": {"deep": [CANARY]},
        "dsn": 7,
        "url": f"https://u:{CANARY}@h/",
        "payload": f'{{"api_key": "{CANARY}"}}',
        "raw": f"password={CANARY}".encode(),
        "none": None,
        "token": None,
        f"https://u:{CANARY}@h": 1,
    }
    found = scrub_value(value)
    assert "Hunter2" not in repr(found)
    assert found["user"] == "bob"
    assert found["params"][1] == {"key": "colour", "value": "red"}
    assert (found["token"], found["secret"], found["dsn"]) == (None, REMOVED, REMOVED)
    assert value["password"] == CANARY


def test_what_lies_too_deep_is_not_kept() -> None:
    value: Any = CANARY
    for _ in range(200):
        value = [value]
    assert CANARY not in repr(scrub_value(value))


JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(["password", "a"]), inner),
    max_leaves=20,
)
PIECES = st.lists(st.sampled_from([*"'\"\\=:,({[]}) \n@/?&-", "password", "token", "key", "x1", "http://", "Bearer "]))


@given(st.text() | PIECES.map("".join))
def test_any_text_can_be_scrubbed_twice(text: str) -> None:
    once = scrub_text(text)
    assert scrub_text(once) == once


@given(JSON)
def test_any_value_can_be_scrubbed_twice(value: Any) -> None:
    once = scrub_value(value)
    assert scrub_value(once) == once


NASTY = [
    "password",
    'password="',
    "password='\\",
    "token: ",
    "http://a:",
    "://:",
    "key=(",
    "key: [",
    "Bearer ",
    "eyJ",
    "-",
]
NASTY += ["-----BEGIN PRIVATE KEY-----", "Authorization: ", "x_", "secret\\", "key" + "=" * 50, "pass ", "'key', '"]


@pytest.mark.parametrize("piece", NASTY)
def test_time_grows_no_faster_than_the_text(piece: str) -> None:
    def spent(length: int) -> float:
        text = piece * (length // len(piece))
        start = time.process_time()
        scrub_text(text)
        return time.process_time() - start

    # Ten times the text; quadratic work would take a hundred times as long.
    assert spent(400_000) < 40 * spent(40_000) + 0.5


def test_the_password_of_a_curl_command_goes() -> None:
    assert scrub_text("failed: curl -u admin:hunter2 -s x") == "failed: curl -u [removed] -s x"
