"""Which names of fields, headers, parameters and variables hold secrets."""

import re
from functools import lru_cache

# The last word decides: `storage_token`, `X-Api-Key`, `dbPassword`; `token_count` and `max_tokens` are numbers.
_SECRET = frozenset(
    word
    for line in (
        "password passwords passwd pwd pass passphrase passcode secret secrets token authorization",
        "authentication auth cookie cookies setcookie key dsn credential credentials apikey apikeys",
        "accesskey secretkey privatekey signingkey authkey session sessionid sid csrf xsrf jwt bearer",
        "signature sig otp totp cvv cvc ssn sas connectionstring connstr connstring",
    )
    for word in line.split()
)
# Said after the deciding word without making it harmless: `password_hash`, `token2`, `secret_value`.
_STILL = frozenset(
    word
    for line in (
        "value hash hashed header data str string text raw b64 base64 hex bytes env old new current",
        "confirm confirmation again repeat encrypted plain plaintext digest salt",
    )
    for word in line.split()
)
# `key` says what kind of key by the word before it; these are names of things, not credentials.
_PLAIN_KEYS = frozenset(
    word
    for line in (
        "primary foreign public sort partition routing unique composite natural surrogate group range row",
        "cache dedup dedupe idempotency ordering order shard index lookup object dict hash registry",
        "translation i18n message",
    )
    for word in line.split()
)
_PLURAL_TOKENS = frozenset(
    {"access", "refresh", "auth", "api", "bearer", "bot", "secret", "id", "session", "push", "device"}
)
_PAIRS = frozenset(
    {("session", "id"), ("session", "data"), ("access", "id"), ("key", "id"), ("connection", "string"), ("conn", "str")}
    | {("conn", "string"), ("connection", "str"), ("security", "code"), ("card", "number"), ("set", "cookie")}
)
# Written as one word: `csrfmiddlewaretoken`, `PGPASSWORD`, `authtoken`; not `monkey`, so `key` needs its partner.
_GLUED = re.compile(r"(?:password|passwd|passphrase|secret|token|(?:api|access|secret|private|signing|auth)key)s?\d*$")
_HARMLESS = frozenset({"untoken", "detoken", "nonsecret", "tokens"})
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_]+")
_LONGEST = 128


@lru_cache(maxsize=4096)
def is_secret_name(name: str) -> bool:
    """Whether what bears `name` (snake, kebab, camel or header case, with any prefix) is a secret."""
    words = [w.lower() for w in _WORDS.findall(name[-_LONGEST:])]
    if tuple(words[-2:]) in _PAIRS:
        return tuple(words[-2:]) != ("key", "id") or "access" in words
    while len(words) > 1 and (words[-1].isdigit() or words[-1] in _STILL):
        words.pop()
    if not words:
        return False
    last, before = words[-1], words[-2] if len(words) > 1 else ""
    if last == "key":
        return before not in _PLAIN_KEYS
    if last in {"tokens", "keys"}:
        return before in _PLURAL_TOKENS | {"private", "signing"}
    return last in _SECRET or (bool(_GLUED.search(last)) and last not in _HARMLESS)
