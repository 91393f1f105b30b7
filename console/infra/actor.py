"""Who does something: a user, an API token or the console itself. Carried into every action and audit row."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Literal


class Role(StrEnum):
    """`manager` and `responder` each extend `viewer`; `admin` has all."""

    VIEWER = "viewer"
    MANAGER = "manager"
    RESPONDER = "responder"
    ADMIN = "admin"

    def includes(self, needed: "Role") -> bool:
        """Whether a holder of this role may do what `needed` may do."""
        return self is Role.ADMIN or needed is Role.VIEWER or self is needed


class Scope(StrEnum):
    """What an API token may do; each implies nothing else."""

    INGEST = "ingest"
    READ = "read"
    WRITE = "write"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Actor:
    """`id` is the user's or token's primary key; `label` what people read (e-mail, token name, "console")."""

    kind: Literal["user", "token", "system", "anonymous"]
    id: int | None
    label: str
    role: Role | None = None
    scopes: frozenset[Scope] = frozenset()
    ip: str | None = None
    request_id: str | None = None

    def during(self, request_id: str | None) -> "Actor":
        """The same actor within another request or job."""
        return replace(self, request_id=request_id)


SYSTEM = Actor(kind="system", id=None, label="console")
