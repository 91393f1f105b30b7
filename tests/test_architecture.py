"""The house rules as tests: sizes, directions, roles, commits, catches, templates."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from console.web.auth import access_rule

ROOT = Path(__file__).parent.parent
CONSOLE = ROOT / "console"
TEMPLATES = ROOT / "templates"
SHARED_ROOMS = {"config", "infra", "web", "cli", "demo", "worker"}
ROOMS = sorted(p.name for p in CONSOLE.iterdir() if p.is_dir() and (p / "__init__.py").exists())
ROOM_FILES = {"__init__", "rules", "models", "queries", "client", "actions", "jobs", "forms", "views", "api"}

# Ceilings, in lines.
MODULE, TEST, TEMPLATE, FUNCTION, VIEW = 250, 400, 120, 40, 15

COMMITTERS = {"web/transaction.py", "infra/transaction.py"}
BROAD_CATCHERS = ("web/errors.py", "infra/jobs")

# Routes that anybody may ask; each with the reason it must be so.
PUBLIC = {
    "static",  # style sheets and scripts hold nothing secret
    "accounts.sign_in",  # where one becomes somebody
    "accounts.sign_in_submit",
    "accounts.link",  # the one-time link is the credential
    "accounts.link_submit",
    "accounts.reset",  # asking for a reset must not need a session
    "accounts.reset_submit",
    "oncall.link",  # a one-tap link out of a message is the credential
    "oncall.acknowledge",
    "probes.live",  # load balancers have no token
    "probes.ready",
    "alerts_api.openapi",  # the description of the API is no secret
    "openapi.document",
    "tickets_api.zammad_webhook",  # its signature is the credential
    "pings.ping",  # the address of a heartbeat is the credential
}


def modules(folder: Path = CONSOLE) -> list[Path]:
    return sorted(p for p in folder.rglob("*.py") if "__pycache__" not in p.parts)


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def span(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of the body without its docstring."""
    body = node.body[1:] if ast.get_docstring(node) and len(node.body) > 1 else node.body
    return (node.end_lineno or 0) - body[0].lineno + 1


def lines(path: Path) -> int:
    return len(path.read_text().splitlines())


def test_it_keeps_modules_small() -> None:
    assert [f"{p.relative_to(ROOT)}: {lines(p)}" for p in modules() if lines(p) > MODULE] == []


def test_it_keeps_test_modules_small() -> None:
    assert [f"{p.relative_to(ROOT)}: {lines(p)}" for p in modules(ROOT / "tests") if lines(p) > TEST] == []


def test_it_keeps_functions_short() -> None:
    long = [f"{p.relative_to(ROOT)}:{f.name}" for p in modules() for f in functions(p) if span(f) > FUNCTION]
    assert long == []


def test_it_keeps_views_shorter() -> None:
    names = [*CONSOLE.glob("*/views*"), *CONSOLE.glob("*/api*")]
    files = [q for p in names for q in (modules(p) if p.is_dir() else [p])]
    routed = [(p, f) for p in files for f in functions(p) if any("bp." in ast.unparse(d) for d in f.decorator_list)]
    assert routed
    assert [f"{p.relative_to(ROOT)}:{f.name}" for p, f in routed if span(f) > VIEW] == []


def test_it_keeps_templates_small() -> None:
    templates = list(TEMPLATES.rglob("*.html"))
    assert templates
    assert [f"{p.relative_to(ROOT)}: {lines(p)}" for p in templates if lines(p) > TEMPLATE] == []


@pytest.mark.parametrize("room", [r for r in ROOMS if r not in SHARED_ROOMS])
def test_every_room_has_its_purpose_templates_and_tests(room: str) -> None:
    doc = ast.get_docstring(ast.parse((CONSOLE / room / "__init__.py").read_text()))
    assert doc
    assert "Not here" in doc
    assert list((TEMPLATES / room).glob("*.html"))
    assert list((ROOT / "tests" / room).rglob("test_*.py"))


@pytest.mark.parametrize("room", [r for r in ROOMS if r not in SHARED_ROOMS])
def test_every_room_uses_the_same_words_for_files(room: str) -> None:
    found = {p.stem for p in (CONSOLE / room).iterdir() if p.suffix == ".py" or p.is_dir()} - {"__pycache__"}
    assert found <= ROOM_FILES


def test_only_two_files_commit() -> None:
    commits = re.compile(r"\.commit\(")
    found = {p.relative_to(CONSOLE).as_posix() for p in modules() if commits.search(p.read_text())}
    assert found <= COMMITTERS


def test_nothing_else_catches_everything() -> None:
    broad = re.compile(r"except\s*:|except\s+\(?[^:]*\b(Base)?Exception\b[^:]*:")
    found = [p.relative_to(CONSOLE).as_posix() for p in modules() if broad.search(p.read_text())]
    assert [name for name in found if not name.startswith(BROAD_CATCHERS)] == []


def test_only_config_reads_the_environment() -> None:
    reads = re.compile(r"os\.environ|getenv\(")
    found = {p.relative_to(CONSOLE).as_posix() for p in modules() if reads.search(p.read_text())}
    assert found <= {"config.py", "config/__init__.py"}


def test_only_the_clock_asks_the_time() -> None:
    asks = re.compile(r"datetime\.now\(|utcnow\(|date\.today\(|\btime\.time\(")
    found = {p.relative_to(CONSOLE).as_posix() for p in modules() if asks.search(p.read_text())}
    assert found <= {"infra/clock.py"}


def test_templates_carry_no_inline_style_or_script() -> None:
    inline = re.compile(
        r"\sstyle\s*=|<style\b|<script(?![^>]*\bsrc=)|\son[a-z]+\s*=\s*[\"']|\|\s*safe\b|hx-on|javascript:"
    )
    found = [
        f"{p.relative_to(ROOT)}: {m.group().strip()}"
        for p in TEMPLATES.rglob("*.html")
        if (m := inline.search(p.read_text()))
    ]
    assert found == []


def test_every_partial_is_used() -> None:
    texts = {p: p.read_text() for p in [*TEMPLATES.rglob("*.html"), *modules()]}
    partials = list(TEMPLATES.rglob("_*.html"))
    unused = [
        p.name
        for p in partials
        if not any(p.relative_to(TEMPLATES).as_posix() in t for q, t in texts.items() if q != p)
    ]
    assert unused == []


def _named_blocks() -> Iterator[tuple[str, str, str]]:
    """(module, template, block) of each page() and done() call with literal names."""
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in {"page", "done"}:
                literal = [a for a in node.args if isinstance(a, ast.Constant | ast.List | ast.Tuple)]
                values = [ast.literal_eval(a) for a in literal]
                if len(values) >= 2 and isinstance(values[0], str) and values[0].endswith(".html"):
                    blocks = [values[1]] if isinstance(values[1], str) else list(values[1])
                    yield from ((str(path.relative_to(ROOT)), values[0], block) for block in blocks)


def test_every_named_block_exists(session_app: Flask) -> None:
    missing = []
    for where, template, block in _named_blocks():
        if block not in session_app.jinja_env.get_template(template).blocks:
            missing.append(f"{where}: {template} has no block {block}")
    assert missing == []


def test_every_route_states_who_may_use_it(session_app: Flask) -> None:
    silent, loose = [], []
    for endpoint, view in session_app.view_functions.items():
        rule = "public" if endpoint == "static" else access_rule(view)
        if rule is None:
            silent.append(endpoint)
        if rule == "public" and endpoint not in PUBLIC:
            loose.append(endpoint)
    assert silent == []
    assert loose == []


def test_imports_go_one_way() -> None:
    done = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
