"""Static files: what is vendored is whole, licensed and hashed."""

import base64
import hashlib
import json
from pathlib import Path

from flask import Flask

from console.web import assets

STATIC = Path(__file__).parent.parent.parent / "static"
MANIFEST: dict[str, dict[str, str]] = json.loads((STATIC / "vendor" / "manifest.json").read_text())


def test_every_vendored_file_matches_its_hash() -> None:
    for entry in MANIFEST.values():
        digest = hashlib.sha384((STATIC / entry["file"]).read_bytes()).digest()
        assert entry["integrity"] == "sha384-" + base64.b64encode(digest).decode()


def test_every_vendored_file_is_in_the_manifest_and_has_a_licence() -> None:
    files = {p.name for p in (STATIC / "vendor").iterdir()} - {"manifest.json"}
    listed = {Path(entry["file"]).name for entry in MANIFEST.values()}
    licences = {name for name in files if name.endswith(".LICENSE.txt")}
    assert files - licences == listed
    for name in listed:
        assert any(name.startswith(licence.removesuffix(".LICENSE.txt").split("-")[0]) for licence in licences)


def test_every_icon_that_a_template_names_is_in_the_sprite() -> None:
    sprite = (STATIC / MANIFEST["icons"]["file"]).read_text()
    wanted = (STATIC / "icons.txt").read_text().split()
    assert [name for name in wanted if f'id="{name}"' not in sprite] == []


def test_our_own_files_carry_the_hash_of_what_they_are(session_app: Flask) -> None:
    with session_app.test_request_context():
        found = assets.asset("js/app.js")
    digest = hashlib.sha384((STATIC / "js" / "app.js").read_bytes()).digest()
    assert found.url == "/static/js/app.js"
    assert found.integrity == "sha384-" + base64.b64encode(digest).decode()


def test_vendored_files_are_kept_by_browsers_and_ours_are_asked_for_again(session_app: Flask) -> None:
    client = session_app.test_client()
    with client.get(f"/static/{MANIFEST['htmx']['file']}") as vendored:
        assert vendored.cache_control.immutable
        assert vendored.cache_control.max_age == 365 * 24 * 3600
    with client.get("/static/js/app.js") as ours:
        assert ours.cache_control.no_cache
    with client.get("/static/js/app.js", headers={"If-None-Match": ours.headers["ETag"]}) as again:
        assert again.status_code == 304


def test_stylesheets_and_scripts_name_no_other_host() -> None:
    for path in [*STATIC.glob("css/*.css"), *STATIC.glob("js/*.js")]:
        assert "://" not in path.read_text().replace("http://www.w3.org", ""), path.name
