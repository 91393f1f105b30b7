"""Where a source file lies: whether it is the service's own, and its name from the package root.

Own is what lies outside the places where installers put libraries; names say nothing (a package of one's own may be
called `requests`). The package root is found without a file system: everything up to the last folder that could not be
imported (a version, a date, a hash, `shop-api`) belongs to the deployment, and so do the usual homes of applications.
"""

import re
from functools import lru_cache
from typing import NamedTuple

# Places of installers, in any layout: Debian, pyenv, conda, uv, poetry, Homebrew, Nix, pex, Lambda, Azure, Spark.
_LIBRARY = re.compile(
    r"""
      (?:^|/)(?:site-packages|dist-packages|__pypackages__|lib-python|lib_pypy|\.pex/(?:installed_)?wheels)/
    | (?:^|/)lib(?:32|64|exec)?/(?:python|pypy)\d(?:\.\d+)?[a-z]?/     # the standard library, and packages below it
    | \.whl/ | /eggs/[^/]+\.egg/ | python\d+\.zip/ | pyspark\.zip/ | py4j[^/]*\.zip/ | /spark/python/
    | ^/opt/python/(?!current/|bundle/|ondeck/)                        # Lambda layers, not Elastic Beanstalk's bundles
    | ^/var/(?:runtime|lang)/ | ^/azure-functions-host/
    | (?:^|/)(?:\.?v?env|\.?virtualenvs/[^/]+|venvs/[^/]+)/src/        # pip install -e git+… puts its checkouts there
    | (?:^|/)(?:usr|usr/local|\.local|\.?v?env\d?|\.?virtualenvs/[^/]+|venvs/[^/]+|envs/[^/]+|\.(?:tox|nox)/[^/]+
        |\.pyenv/versions/[^/]+|conda\d?|miniconda\d?|anaconda\d?|\.heroku/python)/s?bin/
    | \.exe/__main__\.py$ | (?:^|/)[Ss]cripts/[^/]+-script\.py$
    """,
    re.VERBOSE,
)
# Windows keeps the standard library in `Lib` of the folder it was installed to.
_WINDOWS_LIBRARY = re.compile(
    r"^(?:[a-z]:)?/(?:[^/]+/)*?[^/]*(?:python|conda|pypy|miniforge|mambaforge)[^/]*/(?:[^/]+/){0,4}lib/", re.IGNORECASE
)
_WINDOWS_INSTALL = re.compile(
    r"/(?:python[\d.]*(?:-32)?|(?:c?python|pypy)[-_.]\d[^/]*|pythonsoftwarefoundation[^/]*|\d+\.\d+[^/]*|x64|x86|tools"
    r"|(?:ana|mini)conda\d?|mini(?:forge|mamba)\d?|mambaforge\d?|(?:ana|mini)?conda\d?/envs/[^/]+|\.conda/envs/[^/]+)/lib/",
    re.IGNORECASE,
)

# A folder that names one deployment though it could be imported: hashes, hosts by number, Capistrano's `current`.
_DEPLOYMENT = re.compile(
    r"(?:(?=[a-z_]*\d)[0-9a-f]{6,}|tmp\w{6,}|_MEI\d+"
    r"|(?:v|r|rel|release|build|rev|bundle|deploy|version)_?\d\w*|current|releases?|versions|deployments"
    r"|(?:host|node|web|worker|server|box|vm|pod|ip|slot|instance)_?\d+)"
)
# Where applications are put: never the first folder of an import path worth telling apart.
_HOMES = frozenset(
    word
    for line in (
        "app apps application applications base bin build builds checkout code current data deploy",
        "deployments dist drone dags env git home html htdocs inetpub lambda layers live local mnt opt",
        "private prod production project projects repo repos repositories root runner shared site sites",
        "source sources src srv staging storage task usr user_code userdata users v1 vagrant var venv",
        "virtualenv volumes web webapp webapps work workdir worker workspace workspaces www wwwroot",
        "PycharmProjects Users Home Projects Code Source Documents Desktop Volumes media dev github",
        "airflow",
    )
    for word in line.split()
)
# Roots below which a folder may still be the project's, not a package: told by evidence or by depth.
_UNSURE = re.compile(r"^(?:home|Users|srv|opt|var|root|mnt|data|usr|media|Volumes|private|users|inetpub)$")
_MARKED = re.compile(r"(?:\d|tmp|_MEI|current|release|versions|deploy)")

# Folder, folder, file: enough for the first to be a project's.
_DEEP = 3


class Place(NamedTuple):
    """Where a file lies. `own` is false for libraries; `parts` are folders and file below all that is deployment."""

    own: bool
    generated: bool
    parts: tuple[str, ...]
    sure: bool


@lru_cache(maxsize=16384)
def place(path: str) -> Place:
    """Where `path` (of any platform, as a traceback prints it) lies."""
    if path.startswith("<") or not path:
        return Place(own=False, generated=True, parts=(path,), sure=True)
    unix = path.replace("\\", "/")
    if _is_library(unix):
        return Place(own=False, generated=False, parts=tuple(unix.split("/")[-2:]), sure=True)
    parts, sure = _below_deployment(unix)
    return Place(own=True, generated=False, parts=parts, sure=sure)


def _is_library(unix: str) -> bool:
    # Cython prints the path of its build, which lies nowhere on this host.
    if unix.endswith((".pyx", ".pxi", ".pxd")) and not unix.startswith("/") and unix[1:2] != ":":
        return True
    if _LIBRARY.search(unix):
        return True
    return bool("lib/" in unix.lower() and _WINDOWS_INSTALL.search(unix) and _WINDOWS_LIBRARY.match(unix))


def _below_deployment(unix: str) -> tuple[tuple[str, ...], bool]:
    """Folders and file below the deployment, and whether the package root is sure."""
    drive, absolute = unix[1:2] == ":", unix.startswith("/")
    parts = [p for p in unix[2 if drive else 0 :].split("/") if p not in {"", ".", "..", "~"}] or [unix]
    if not (absolute or drive):
        return _after_marks(parts) or (tuple(parts), True)
    if unix.startswith("//"):  # \\host\share\…
        parts = parts[2:] or parts[-1:]
    marked = _after_marks(parts)
    if marked:
        return marked
    if "src" in parts[:-1]:
        return tuple(parts[len(parts) - parts[::-1].index("src") :]), True
    return _after_homes(parts)


def _after_marks(parts: list[str]) -> tuple[tuple[str, ...], bool] | None:
    """What follows the last folder that marks a deployment, if there is one."""
    for index in range(len(parts) - 2, -1, -1):
        folder = parts[index]
        if not folder.isidentifier() or (_MARKED.search(folder) and _DEPLOYMENT.fullmatch(folder)):
            return _drop_homes(parts[index + 1 :]), True
        if folder in {"releases", "tmp", "temp"} and index + 2 < len(parts):
            return _drop_homes(parts[index + 2 :]), True
    return None


def _after_homes(parts: list[str]) -> tuple[tuple[str, ...], bool]:
    unsure = bool(_UNSURE.match(parts[0])) or parts[0] not in _HOMES
    if parts[0] in {"home", "Users", "users"} and len(parts) >= _DEEP:
        parts = parts[2:]
    rest = _drop_homes(parts)
    # /app, /code, /usr/src/app, /var/task, … say where the root is; /srv/shop/x does not say what shop is.
    sure = not unsure or (len(rest) < len(parts) - 1 and parts[len(parts) - len(rest) - 1] in _SURE)
    return rest, sure


_SURE = frozenset({"app", "code", "src", "task", "workspace", "wwwroot", "html", "dags", "project", "user_code"})


def _drop_homes(parts: list[str]) -> tuple[str, ...]:
    start = 0
    while start < len(parts) - 1 and parts[start] in _HOMES:
        start += 1
    return tuple(parts[start:])


@lru_cache(maxsize=16384)
def from_root(path: str, packages: tuple[str, ...] = (), root: str = "") -> str:
    """`path` from its package root, as `shop/orders/tasks.py`.

    `packages` are top-level packages known from elsewhere (the task's name, the types of exceptions): a folder of that
    name is the root, which settles what the path alone leaves open. `root` is where another file of the stack has it.
    """
    found = place(path)
    parts = _from_known(path, packages)
    if parts is None and root and path.startswith(root):
        parts = tuple(p for p in path[len(root) :].replace("\\", "/").split("/") if p)
    elif parts is None:
        # /srv/<project>/<package>/… and /home/<user>/<project>/<package>/…
        parts = found.parts if found.sure or len(found.parts) < _DEEP else found.parts[1:]
    file = "<temporary>.py" if _TEMPORARY.fullmatch(parts[-1]) else parts[-1]
    return "/".join((*_undouble(parts[:-1]), file))


@lru_cache(maxsize=16384)
def root_of(path: str, packages: tuple[str, ...]) -> str:
    """The folder, as written, that holds the known package `path` lies in; empty when none is known."""
    parts = _from_known(path, packages)
    if parts is None:
        return ""
    unix = path.replace("\\", "/")
    return path[: unix.rfind("/" + "/".join(parts)) + 1]


# Notebook cells and scripts written to a temporary file have a new name in every run.
_TEMPORARY = re.compile(r"(?:\d+|tmp\w{6,}|[0-9a-f]{16,})\.py")


def _from_known(path: str, packages: tuple[str, ...]) -> tuple[str, ...] | None:
    if not packages:
        return None
    # A package may bear the name of a home (`app`), which `place` has dropped.
    folders = [p for p in path.replace("\\", "/").split("/") if p]
    whole = folders[_mark(folders) :]
    for index, folder in enumerate(whole[:-1]):
        if folder in packages:
            return (*_undouble(tuple(whole[index:-1])), whole[-1])
    return None


def _mark(folders: list[str]) -> int:
    """The index after the last deployment folder."""
    for index in range(len(folders) - 2, -1, -1):
        folder = folders[index]
        if not folder.isidentifier() or (_MARKED.search(folder) and _DEPLOYMENT.fullmatch(folder)):
            return index + 1
    return 0


def _undouble(folders: tuple[str, ...]) -> tuple[str, ...]:
    """`shop/shop/…`, a project named like its package, is `shop/…`."""
    return folders[1:] if len(folders) > 1 and folders[0] == folders[1] else folders
