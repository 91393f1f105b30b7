"""Failures as many deployments would print them: the corpus's stacks for hosts, releases, layouts and Pythons."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

ROOTS = (
    "/app",
    "/srv/shop/releases/20260101120000",
    "/home/deploy/shop-api/current",
    "/usr/src/app",
    "/var/task",
    "/opt/render/project/src",
    "C:\\inetpub\\shop-1.4.2",
    "/tmp/8dc1f0a2b3c4d5e",  # noqa: S108 - a name in a traceback, not a file
    "/var/lib/kubelet/pods/3f2504e0-4f89-11d3-9a0c-0305e82c3301/volumes/kubernetes.io~empty-dir/code",
    "/srv/app-2.31.0",
    "/mnt/web-03/deployments/3fa9c2d/src",
    "/home/ubuntu/venv/src-2",
)
FRESH_ROOTS = (
    "/home/bob/work/mysite",
    "/app",
    "/data/web/acme",
    "/opt/acme",
    "/opt/acme/releases/a1b2c3d",
    "/home/site/wwwroot",
    "/builds/acme/api",
    "/Users/ada/PycharmProjects/acme-api",
    "D:\\a\\acme\\acme",
    "/var/www/acme/current",
    "/workspace",
    "/github/workspace",
    "/srv/www/acme",
    "/code/src",
    "/root/acme",
    "/private/var/folders/ab/cd_123/T/acme",
    "/opt/airflow/dags",
    "/usr/local/airflow/dags/repo",
    "\\\\files01\\share\\acme",
    "/mnt/efs/acme-v2/app",
    "/home/ec2-user/acme/src",
    "/snap/acme/42",
    "/var/app/current",
    "/host/web1/app",
)
LIBRARIES = (
    ("/usr/local/lib/python3.11/site-packages", "/usr/local/lib/python3.11"),
    (
        "/home/deploy/.pyenv/versions/3.12.1/lib/python3.12/site-packages",
        "/home/deploy/.pyenv/versions/3.12.1/lib/python3.12",
    ),
    ("/usr/lib/python3/dist-packages", "/usr/lib/python3.13"),
    ("/opt/conda/envs/prod/lib/python3.10/site-packages", "/opt/conda/envs/prod/lib/python3.10"),
    ("C:\\shop\\.venv\\Lib\\site-packages", "C:\\Python311\\Lib"),
    ("/root/.cache/pypoetry/virtualenvs/shop-x1Y2-py3.11/lib/python3.11/site-packages", "/usr/lib/python3.11"),
    (
        "/nix/store/0a1b2c3d4e5f-python3-3.11.6-env/lib/python3.11/site-packages",
        "/nix/store/x-python3-3.11.6/lib/python3.11",
    ),
    ("/opt/python", "/var/lang/lib/python3.12"),
)
STANDARD = frozenset({"smtplib.py", "socket.py", "ssl.py", "ftplib.py", "subprocess.py", "os.py"})
LINKS = {
    "<-": "\nThe above exception was the direct cause of the following exception:\n\n",
    "<~": "\nDuring handling of the above exception, another exception occurred:\n\n",
}


@dataclass(frozen=True)
class Deployment:
    """Where a failure happened; `seed` decides lines and columns."""

    root: str
    packages: str
    standard: str
    seed: int
    carets: bool
    code: bool
    colour: bool = False
    prefix: str = ""


def deployments(number: int, roots: tuple[str, ...] = ROOTS) -> list[Deployment]:
    return [
        Deployment(
            roots[n % len(roots)],
            *LIBRARIES[n % len(LIBRARIES)],
            seed=n,
            carets=n % 3 > 0,
            code=n % 5 < 4,
            colour=n % 7 == 6,
            prefix="" if n % 6 else "2026-01-01T00:00:00.123Z stderr F ",
        )
        for n in range(number)
    ]


def render(stack: str, at: Deployment) -> tuple[str, str, str]:
    """Type, message and traceback of one line of stacks.txt."""
    lines = count(at.seed * 37 + len(stack), 13)
    parts, links = _split(stack)
    text = ""
    kind = message = ""
    for part, link in zip(parts, [*links, ""], strict=True):
        frames, _, raised = part.partition(" ; ")
        kind, _, message = raised.strip().partition(": ")
        text += _traceback(frames, f"{kind}: {message}" if message else kind, at, lines) + LINKS.get(link, "")
    if at.prefix:
        text = "".join(f"{at.prefix}{line}\n" for line in text.splitlines())
    return kind, message, text


def _split(stack: str) -> tuple[list[str], list[str]]:
    words = stack.split(" ")
    links = [word for word in words if word in LINKS]
    parts = " ".join("\0" if word in LINKS else word for word in words).split("\0")
    return [part.strip() for part in parts], links


def _traceback(frames: str, raised: str, at: Deployment, lines: "count[int]") -> str:
    printed = ["Traceback (most recent call last):"]
    for frame in frames.split(" > "):
        printed += _frame(frame.strip(), at, lines)
    last = f"\x1b[1;35m{raised}\x1b[0m" if at.colour else raised
    return "\n".join([*printed, last]) + "\n"


def _frame(frame: str, at: Deployment, lines: "count[int]") -> list[str]:
    path, _, function = frame.partition(":")
    if path.endswith(".pyx"):
        file = path.removeprefix("@")
    elif path.startswith("@"):
        short = path[1:]
        top = short in STANDARD or short.startswith(("asyncio/", "json/"))
        file = _joined(at.standard if top else at.packages, short)
    else:
        file = _joined(at.root, path)
    line = next(lines)
    head = f'  File "{file}", line {line}, in {function}'
    if at.colour:
        on, off = "\x1b[35m", "\x1b[0m"
        head = f'  File {on}"{file}"{off}, line {on}{line}{off}, in {on}{function}{off}'
    code = [f"    {function.strip('<>')}({'abc'[at.seed % 3]})"] if at.code else []
    return [head, *code, *(["    ~~~~^^^^^^^^"] if at.carets and at.code else [])]


def _joined(root: str, path: str) -> str:
    return f"{root}\\{path}".replace("/", "\\") if "\\" in root else f"{root}/{path}"


Score = tuple[float, float]


def score(found: dict[str, list[str]], explain: Callable[[str], None] = print) -> Score:
    """Pairwise precision and recall of fingerprints by true group; what is wrong is explained."""
    together = same = right = 0
    owners: dict[str, dict[str, int]] = {}
    for group, values in found.items():
        together += len(values) * (len(values) - 1) // 2
        for value in values:
            owners.setdefault(value, {}).setdefault(group, 0)
            owners[value][group] += 1
        if len(set(values)) > 1:
            explain(f"split in {len(set(values))}: {group}")
    for counts in owners.values():
        total = sum(counts.values())
        same += total * (total - 1) // 2
        right += sum(n * (n - 1) // 2 for n in counts.values())
        if len(counts) > 1:
            explain(f"merged: {list(counts)}")
    return right / max(same, 1), right / max(together, 1)
