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
# Homes that are the import root themselves; below others (/srv, /opt, /home/<user>) a project's folder comes first.
_ROOTS = frozenset({"app", "code", "src", "task", "workspace", "wwwroot", "html", "dags", "project", "user_code"})
_USERS = frozenset({"home", "Users", "users"})
# Checkouts of CI systems, and temporary folders of macOS.
_CHECKOUT = re.compile(
    r"^(?:[A-Za-z]:)?/(?:a|(?:.*/)?runner/work)/([^/]+)/\1/|^/builds/[^/]+/[^/]+/|^.*/var/folders/.*/T/(?:[^/]+/)?"
)
_MARKED = re.compile(r"(?:\d|tmp|_MEI|current|release|versions|deploy)")


class Place(NamedTuple):
    """Where a file lies; `parts` is what is left below the deployment, `own` false for libraries and generated code."""

    own: bool
    parts: tuple[str, ...]


@lru_cache(maxsize=16384)
def place(path: str) -> Place:
    """Where `path` (of any platform, as a traceback prints it) lies."""
    if path.startswith("<") or not path:
        return Place(own=False, parts=(path,))
    unix = path.replace("\\", "/")
    if _is_library(unix):
        return Place(own=False, parts=tuple(unix.split("/")[-2:]))
    return Place(own=True, parts=_below_deployment(unix))


def compiled(path: str, function: str) -> bool:
    """Whether Cython made the frame of a library: a path of its build's host, and a function named with its package."""
    return not path.startswith("/") and f"/{function.partition('.')[0]}/" in f"/{path}"


def _is_library(unix: str) -> bool:
    # Cython prints the path of its build, which lies nowhere on this host.
    if unix.endswith((".pyx", ".pxi", ".pxd")) and not unix.startswith("/") and unix[1:2] != ":":
        return True
    if _LIBRARY.search(unix):
        return True
    return bool("lib/" in unix.lower() and _WINDOWS_INSTALL.search(unix) and _WINDOWS_LIBRARY.match(unix))


def _below_deployment(unix: str) -> tuple[str, ...]:
    """Folders and file below the deployment."""
    unix, found = _CHECKOUT.subn("/app/", unix, count=1)
    drive = unix[1:2] == ":"
    parts = [p for p in unix[2 if drive else 0 :].split("/") if p not in {"", ".", "..", "~"}] or [unix]
    if not (drive or unix.startswith("/")):
        return tuple(parts[_mark(parts) :])
    if unix.startswith("//"):  # \\host\share\...
        parts = parts[2:] or parts[-1:]
    if parts[0] in _USERS and parts[1:2] not in ([], ["site"]):
        parts = parts[2:] or parts[-1:]
    start = _mark(parts)
    end = _homes(parts, start)
    if not found and not start and not _ROOTS.intersection(parts[:end]) and end < len(parts) - 1:
        end = _homes(parts, end + 1)  # the project's folder
    return tuple(parts[end:])


def _mark(folders: list[str]) -> int:
    """The index after the last folder that marks a deployment; 0 if there is none."""
    for index in range(len(folders) - 2, -1, -1):
        folder = folders[index]
        if not folder.isidentifier() or folder == "src" or (_MARKED.search(folder) and _DEPLOYMENT.fullmatch(folder)):
            return index + 1
        if folder in {"tmp", "temp"} and index + 2 < len(folders):
            return index + 2
    return 0


def _homes(parts: list[str], start: int) -> int:
    """The index after the homes of applications that begin at `start`; the file is none."""
    while start < len(parts) - 1 and parts[start] in _HOMES:
        start += 1
    return start


# Notebook cells and scripts written to a temporary file have a new name in every run.
_TEMPORARY = re.compile(r"(?:\d+|tmp\w{6,}|[0-9a-f]{16,})\.py")


@lru_cache(maxsize=16384)
def from_root(path: str, packages: tuple[str, ...] = (), root: str = "") -> str:
    """`path` from its package root, as `shop/orders/tasks.py`.

    `root` is where the task's own file has it. Else `packages`, top-level packages that the failure names, tell it: a
    folder of that name lies in the root. Else the path alone must do.
    """
    if root and path.startswith(root):
        parts = tuple(p for p in path[len(root) :].replace("\\", "/").split("/") if p)
    else:
        parts = _from_known(path, packages) or place(path).parts
    parts = parts or (path,)
    file = "<temporary>.py" if _TEMPORARY.fullmatch(parts[-1]) else parts[-1]
    return "/".join((*_undouble(parts[:-1]), file))


@lru_cache(maxsize=16384)
def root_of(path: str, task: str, packages: tuple[str, ...]) -> str:
    """The folder, as written, from which `path` is imported, if the task's module or a known package tells it."""
    unix = path.replace("\\", "/")
    words = task.replace(":", ".").split(".")
    for count in range(len(words) - 1, 0, -1):
        module = "/".join(words[:count])
        for ending in (f"/{module}.py", f"/{module}/__init__.py"):
            if unix.endswith(ending):
                return path[: len(path) - len(ending) + 1]
    parts = _from_known(path, packages)
    return path[: unix.rfind("/" + "/".join(parts)) + 1] if parts else ""


def _from_known(path: str, packages: tuple[str, ...]) -> tuple[str, ...] | None:
    """The path from a known package on. It may bear the name of a home (`app`), which `place` has dropped."""
    if not packages:
        return None
    folders = [p for p in path.replace("\\", "/").split("/") if p]
    whole = folders[_mark(folders) :]
    for index in range(len(whole) - 2, -1, -1):
        if whole[index] in packages and (index == 0 or whole[index - 1] not in packages or index == len(whole) - 2):
            return (*_undouble(tuple(whole[index:-1])), whole[-1])
    return None


def _undouble(folders: tuple[str, ...]) -> tuple[str, ...]:
    """`shop/shop/…`, a project named like its package, is `shop/…`."""
    return folders[1:] if len(folders) > 1 and folders[0] == folders[1] else folders
