"""What ships beside the code is in order: container files, compose file, make targets."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from console.cli import main
from console.config import Fields

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent


def run(*command: str | Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


def test_hadolint_finds_nothing_in_the_image() -> None:
    done = run(BIN / "hadolint", "Dockerfile")
    assert done.returncode == 0, done.stdout


def test_the_compose_file_is_valid() -> None:
    done = run(BIN / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", "deploy/compose.yaml")
    assert done.returncode == 0, done.stdout


def test_the_compose_file_names_only_settings_and_commands_that_exist() -> None:
    text = (ROOT / "deploy" / "compose.yaml").read_text()
    settings = {name.upper() for name in Fields.model_fields}
    block = text.partition("environment: &environment")[2].partition("secrets:")[0]
    named = {name.removesuffix("_FILE") for name in re.findall(r"^    ([A-Z_]+):", block, re.MULTILINE)}
    assert named
    assert named <= settings
    commands = re.findall(r"^    command: \[([a-z]+)", text, re.MULTILINE)
    assert {"web", "rqworker", "scheduler", "migrate"} <= set(commands)
    assert {word for word in commands if "-" not in word} <= set(main.commands) | {"redis"}


def test_no_secret_is_written_into_the_container_files() -> None:
    for name in ("Dockerfile", "deploy/compose.yaml"):
        values = re.findall(
            r"(?:PASSWORD|SECRET_KEY|DATABASE_URL|OWNER_URL)[A-Z_]*[:=] *(\S+)", (ROOT / name).read_text()
        )
        assert all(value.startswith("/run/secrets/") for value in values)


def test_secrets_are_made_once_and_fit_each_other(tmp_path: Path) -> None:
    script = tmp_path / "make-secrets"
    script.write_text((ROOT / "deploy" / "make-secrets").read_text())
    assert run("bash", script).returncode == 0
    made = {file.name: file.read_text() for file in (tmp_path / "secrets").iterdir()}
    assert made["app_password"] in made["database_url"]
    assert made["owner_password"] in made["database_owner_url"]
    assert len(made["secret_key"]) == 64
    assert run("bash", script).returncode == 0
    assert {file.name: file.read_text() for file in (tmp_path / "secrets").iterdir()} == made
    assert (tmp_path / "secrets").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("target", ["help", "run", "test", "check", "bench", "faults", "e2e", "clean"])
def test_make_has_the_promised_targets(target: str) -> None:
    assert run("make", "--dry-run", target).returncode == 0
    assert f"make {target} " in run("make", "help").stdout


def test_continuous_integration_runs_make_test_and_nothing_else() -> None:
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & 0o111
    commands = [line for line in script.read_text().splitlines() if line and not line.startswith(("#", "set ", "cd "))]
    assert commands == ['export CI="${CI:-true}"', "exec make test"]
