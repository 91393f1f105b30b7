"""Secrets at rest: password hashes, opaque tokens, and how easily a password is guessed.

Passwords are argon2id with at least the parameters of the OWASP Password Storage Cheat Sheet
(19 MiB, two passes, one lane). Tokens are 256 random bits, so a plain SHA-256 is enough to store
them: there is nothing to guess. What must be read again (a webhook's address, its signing key) is sealed:
encrypted under a key of the settings; `secrets rotate` brings everything under the newest.
"""

import base64
import hashlib
import secrets
from collections.abc import Iterable, Sequence
from functools import cache

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import current_app
from itsdangerous import BadData, URLSafeSerializer
from zxcvbn import zxcvbn

_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1, type=Type.ID)

# zxcvbn's own scale: 0 and 1 fall to fewer than a million guesses.
_GUESSABLE_SCORE = 1
# zxcvbn refuses longer input; what follows can only make a password harder to guess.
_ZXCVBN_LENGTH = 72


def hash_password(password: str) -> str:
    """Return an argon2id hash that carries its own salt and parameters."""
    return _HASHER.hash(password)


@cache
def _nobody() -> str:
    """Hash something nobody knows, to spend the time of a real check on unknown accounts."""
    return _HASHER.hash(secrets.token_urlsafe(32))


def verify_password(stored: str | None, password: str) -> bool:
    """Say whether the password fits; without a stored hash the same work is done for nothing."""
    try:
        _HASHER.verify(stored or _nobody(), password)
    except (VerifyMismatchError, InvalidHashError):
        return False
    return stored is not None


def needs_rehash(stored: str) -> bool:
    """Say whether the hash was made with weaker parameters than today's."""
    return _HASHER.check_needs_rehash(stored)


def new_token() -> str:
    """Return 256 random bits as 43 URL-safe characters."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """Return the SHA-256 of a token in hex: the only form in which one is stored."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def is_guessable(password: str, about: Iterable[str] = ()) -> bool:
    """Say whether a password is a common one, a pattern, or made of the words it is about."""
    result = zxcvbn(password[:_ZXCVBN_LENGTH], user_inputs=[word for word in about if word])
    return bool(result["score"] <= _GUESSABLE_SCORE)


def sealer(secret_key: str, keys: Sequence[str] = ()) -> MultiFernet:
    """Seals under the first key and opens with any: `keys` as people gave them, then one made of `secret_key`.

    The last one stays, so that giving keys for the first time, or taking them away, leaves nothing unreadable.
    """
    return MultiFernet([Fernet(_fernet_key(key)) for key in (*keys, secret_key)])


def seal(text: str) -> str:
    """Encrypt a secret under the app's newest key (AES-128-CBC with HMAC-SHA256, as Fernet defines)."""
    return _sealer().encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """The secret. Raises Sealed when no key of the app opens it."""
    try:
        return _sealer().decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise Sealed("No key in ENCRYPTION_KEYS or SECRET_KEY opens this secret; enter it again.") from None


def reseal(sealed: str) -> str:
    """The same secret under the newest key. Raises Sealed when no key opens it."""
    return seal(unseal(sealed))


class Sealed(ValueError):
    """A stored secret that none of the keys opens: its key was taken away too early."""


def _sealer() -> MultiFernet:
    settings = current_app.extensions["console.settings"]
    return sealer(settings.secret_key, settings.encryption_keys)


def _fernet_key(secret: str) -> bytes:
    # People give text of any length; Fernet wants 32 bytes. The info keeps this key apart from what signs forms.
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"console: secrets at rest").derive(secret.encode())
    return base64.urlsafe_b64encode(derived)


def sign(purpose: str, value: str) -> str:
    """`value` with a signature under SECRET_KEY that holds for this purpose only; URL-safe, readable by anybody."""
    return _signer(purpose).dumps(value)


def signed(purpose: str, token: str) -> str | None:
    """The value that `sign` was given, or None for what it has not made."""
    try:
        value = _signer(purpose).loads(token)
    except BadData:
        return None
    return value if isinstance(value, str) else None


def _signer(purpose: str) -> URLSafeSerializer:
    return URLSafeSerializer(
        current_app.extensions["console.settings"].secret_key,
        salt=f"console: {purpose}",
        signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
    )
