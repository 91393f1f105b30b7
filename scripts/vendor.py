"""Refreshes static/vendor/ from npm: `python -m scripts.vendor`. Needs npm; the application never does.

Each package is fetched by name and version with `npm pack`; only what the pages use is kept, with the version in the
file name and the licence beside it. `static/vendor/manifest.json` maps a short name to its file and SRI hash.
"""

import base64
import hashlib
import json
import re
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

from scripts.css_subset import subset

ROOT = Path(__file__).resolve().parent.parent
VENDOR = ROOT / "static" / "vendor"
AXE = ROOT / "tests" / "e2e" / "vendor"

PACKAGES = {
    "htmx.org": "2.0.11",
    "idiomorph": "0.8.0",
    "@tabler/core": "1.6.1",
    "@tabler/icons": "3.51.0",
    "@fontsource-variable/inter": "5.3.0",
    "@fontsource-variable/jetbrains-mono": "5.3.0",
    "axe-core": "4.14.1",
}

FONTS = {
    "@fontsource-variable/inter": "inter",
    "@fontsource-variable/jetbrains-mono": "jetbrains-mono",
}

# @tabler/core carries its licence only inside its stylesheet's header.
TABLER_LICENCE = """MIT License

Copyright 2018-2026 The Tabler Authors
Copyright 2018-2026 codecalm.net Pawel Kuna

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
"""


def main() -> None:
    """Fetch, keep, hash."""
    shutil.rmtree(VENDOR, ignore_errors=True)
    VENDOR.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as scratch:
        packages = {name: fetch(name, version, Path(scratch)) for name, version in PACKAGES.items()}
        htmx, morph = packages["htmx.org"] / "dist", packages["idiomorph"] / "dist"
        kept = [
            ("htmx", copy(htmx / "htmx.min.js", f"htmx-{PACKAGES['htmx.org']}.min.js")),
            ("idiomorph", copy(morph / "idiomorph-ext.min.js", f"idiomorph-ext-{PACKAGES['idiomorph']}.min.js")),
            ("tabler", tabler(packages["@tabler/core"])),
            ("icons", icons(packages["@tabler/icons"])),
            *fonts(packages),
        ]
        licences(packages)
        axe(packages["axe-core"])
    manifest = {name: {"file": f"vendor/{path.name}", "integrity": integrity(path)} for name, path in kept}
    (VENDOR / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")


def fetch(name: str, version: str, scratch: Path) -> Path:
    """The unpacked package of that exact version."""
    run = subprocess.run(
        ["npm", "pack", "--silent", f"{name}@{version}"], cwd=scratch, check=True, capture_output=True, text=True
    )
    folder = scratch / name.replace("/", "+")
    with tarfile.open(scratch / run.stdout.split()[-1]) as archive:
        archive.extractall(folder, filter="data")
    return folder / "package"


def copy(source: Path, name: str) -> Path:
    """Keep one file under a name that carries its version."""
    return Path(shutil.copyfile(source, VENDOR / name))


def tabler(package: Path) -> Path:
    """The parts of Tabler that pages stand on, in a cascade layer so that our own stylesheet always wins."""
    target = VENDOR / f"tabler-{PACKAGES['@tabler/core']}.subset.css"
    header = f"/*! Tabler v{PACKAGES['@tabler/core']} | MIT | reduced by scripts/vendor.py, see tabler.LICENSE.txt */\n"
    css = (package / "dist/css/tabler.css").read_text()
    target.write_text(header + "@layer tabler{" + subset(css) + "}\n")
    return target


def icons(package: Path) -> Path:
    """One sprite of the outline icons named in static/icons.txt; `<use href="…#bell">` draws one."""
    names = sorted(set((ROOT / "static" / "icons.txt").read_text().split()))
    symbols = "\n".join(symbol(name, (package / f"icons/outline/{name}.svg").read_text()) for name in names)
    target = VENDOR / f"tabler-icons-{PACKAGES['@tabler/icons']}.svg"
    target.write_text(f'<svg xmlns="http://www.w3.org/2000/svg">\n{symbols}\n</svg>\n')
    return target


def symbol(name: str, svg: str) -> str:
    """An icon's drawing as a `<symbol>`; stroke and colour come from the page."""
    drawing = re.search(r"<svg[^>]*>(.*)</svg>", svg, re.DOTALL)
    if drawing is None:
        raise SystemExit(f"{name}: not an SVG")
    lines = "".join(line.strip() for line in drawing[1].splitlines())
    return f'<symbol id="{name}" viewBox="0 0 24 24">{lines}</symbol>'


def fonts(packages: dict[str, Path]) -> list[tuple[str, Path]]:
    """Variable-weight woff2 of the Latin and Latin-extended subsets."""
    return [
        (
            f"{font}-{part}",
            copy(packages[name] / f"files/{font}-{part}-wght-normal.woff2", f"{font}-{part}-{PACKAGES[name]}.woff2"),
        )
        for name, font in FONTS.items()
        for part in ("latin", "latin-ext")
    ]


def licences(packages: dict[str, Path]) -> None:
    """Each package's licence, beside its files."""
    names = {"htmx.org": "htmx", "idiomorph": "idiomorph", "@tabler/icons": "tabler-icons"} | FONTS
    for package, name in names.items():
        copy(packages[package] / "LICENSE", f"{name}.LICENSE.txt")
    (VENDOR / "tabler.LICENSE.txt").write_text(TABLER_LICENCE)


def axe(package: Path) -> None:
    """The accessibility checker, for browser tests only."""
    AXE.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(package / "axe.min.js", AXE / f"axe-{PACKAGES['axe-core']}.min.js")
    shutil.copyfile(package / "LICENSE", AXE / "axe.LICENSE.txt")


def integrity(path: Path) -> str:
    """The SRI hash of a file."""
    return "sha384-" + base64.b64encode(hashlib.sha384(path.read_bytes()).digest()).decode()


if __name__ == "__main__":
    main()
