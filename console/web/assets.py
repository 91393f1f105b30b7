"""Static files with their SRI hashes: `asset('js/app.js')` in templates gives `url` and `integrity`."""

import base64
import hashlib
import json
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from flask import Flask, Response, current_app, has_request_context, request, url_for

_VENDOR_AGE = 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Asset:
    """Where a static file is served and the hash that its tag must carry."""

    url: str
    integrity: str


def init_app(app: Flask) -> None:
    """Templates get `asset(filename)` and `vendor(name)`."""
    app.jinja_env.globals.update(asset=asset, vendor=vendor)
    app.after_request(_cache)


def asset(filename: str) -> Asset:
    """A file of ours under `static/`; its hash is taken again when the file changes."""
    return _known(_static(), filename, request.script_root if has_request_context() else "", _second())


def vendor(name: str) -> Asset:
    """A third-party file by its short name in `static/vendor/manifest.json`."""
    return _third_party(_static(), name, request.script_root if has_request_context() else "")


def exists(filename: str) -> bool:
    """Whether there is such a file under `static/`."""
    return (_static() / filename).is_file()


def modules() -> list[str]:
    """Our JavaScript modules, as names under `static/`."""
    return list(_modules(_static(), _second()))


def _second() -> int:
    # A page names fifty files: each is looked at once a second, and a change of it shows with the next.
    return int(time.monotonic())


@lru_cache(256)
def _known(static: Path, filename: str, _root: str, _at: int) -> Asset:
    path = static / filename
    return Asset(url_for("static", filename=filename), _integrity(path, path.stat().st_mtime_ns))


@lru_cache(128)
def _third_party(static: Path, name: str, _root: str) -> Asset:
    entry = _manifest(static)[name]
    return Asset(url_for("static", filename=entry["file"]), entry["integrity"])


@lru_cache(4)
def _modules(static: Path, _at: int) -> tuple[str, ...]:
    return tuple(sorted(f"js/{path.name}" for path in (static / "js").glob("*.js")))


def _static() -> Path:
    return _folder(current_app.static_folder or "static")


# A path takes longer to make than to look at.
_folder = lru_cache(4)(Path)


@lru_cache(maxsize=512)
def _integrity(path: Path, _modified: int) -> str:
    return "sha384-" + base64.b64encode(hashlib.sha384(path.read_bytes()).digest()).decode()


@lru_cache
def _manifest(static: Path) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = json.loads((static / "vendor" / "manifest.json").read_text())
    return found


def _cache(response: Response) -> Response:
    # Vendored names carry their version; our own files are asked for again, and an ETag answers.
    if request.endpoint == "static" and "/vendor/" in request.path and response.status_code == 200:  # noqa: PLR2004
        response.cache_control.no_cache = None
        response.cache_control.max_age = _VENDOR_AGE
        response.cache_control.immutable = True
    return response
