"""Prepare a checkout with nothing but Python: `python3 scripts/setup.py [dev] [browser]`.

Makes .venv and installs the pinned packages, again only when they change. Two at once wait for each other.
"""

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
OLDEST, NEWEST = (3, 11), (3, 13)
BROWSERS = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
NO_VENV = """\
Python cannot make virtual environments here.
On Debian or Ubuntu: apt-get install python3-venv. Then run make again."""


def main(wanted: list[str]) -> None:
    """Install for running; "dev" adds what tests need, "browser" a Chromium for those that drive one."""
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        version = ".".join(map(str, sys.version_info[:2]))
        sys.exit(f"Python 3.11, 3.12 or 3.13 is needed; `{sys.executable}` is {version}. Try: make PYTHON=python3.12 …")
    with _alone():
        _make_venv()
        _install(["requirements-dev.txt", "requirements.txt"] if "dev" in wanted else ["requirements.txt"])
        if "browser" in wanted:
            _find_browser()


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    with (ROOT / ".setup.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _make_venv() -> None:
    """Anew also when the Python it was made with is gone."""
    if PYTHON.exists() and _run([str(PYTHON), "-m", "pip", "--version"], quiet=True):
        return
    print("Making .venv …", flush=True)
    if not _run([sys.executable, "-m", "venv", "--clear", str(VENV)]):
        shutil.rmtree(VENV, ignore_errors=True)
        sys.exit(NO_VENV)


def _install(files: list[str]) -> None:
    stamp = VENV / f".installed-{Path(files[0]).stem}"
    state = hashlib.sha256(b"".join((ROOT / name).read_bytes() for name in files)).hexdigest()
    if stamp.exists() and stamp.read_text() == state:
        return
    print(f"Installing {files[0]} …", flush=True)
    pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--prefer-binary"]
    if not _run([*pip, "-r", str(ROOT / files[0])]):
        sys.exit(f"The packages of {files[0]} could not be installed; what pip said is above.")
    stamp.write_text(state)


def _find_browser() -> None:
    """The machine's own, else Debian's, else Playwright's. Tests that need one say so if there is none."""
    if any(map(shutil.which, BROWSERS)):
        return
    apt = shutil.which("apt-get")
    if apt and os.geteuid() == 0:
        print("Installing Chromium …", flush=True)
        if _run([apt, "install", "-y", "-qq", "chromium"], quiet=True):
            return
        if _run([apt, "update", "-qq"], quiet=True) and _run([apt, "install", "-y", "-qq", "chromium"], quiet=True):
            return
    if not _run([str(PYTHON), "-m", "playwright", "install", "chromium"], quiet=True):
        print("No Chromium could be installed: the browser tests will fail.", file=sys.stderr)


def _run(command: list[str], *, quiet: bool = False) -> bool:
    output = subprocess.DEVNULL if quiet else None
    return subprocess.run(command, check=False, stdout=output, stderr=output, cwd=ROOT).returncode == 0


if __name__ == "__main__":
    main(sys.argv[1:])
