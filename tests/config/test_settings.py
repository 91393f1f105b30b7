"""Settings refuse, all at once, what would be unsafe or could not work."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest
from pydantic import ValidationError

from console.config import ConfigError, Fields, Settings, child_environment, find_faults, load_settings

ROOT = Path(__file__).parent.parent.parent
GOOD = {
    "ENVIRONMENT": "production",
    "SECRET_KEY": "8f2c1b7e9a4d5063f1e2d3c4b5a69788",
    "BASE_URL": "https://console.example.org",
    "DATABASE_URL": "postgresql://app:pw@db/console",
    "REDIS_URL": "redis://redis:6379/0",
}


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of the developer's shell or .env reaches these tests."""
    for name in Fields.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
        monkeypatch.delenv(f"{name.upper()}_FILE", raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def production(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("production")
def test_it_starts_in_production_when_all_is_well() -> None:
    assert find_faults() == []
    assert load_settings().production
    assert load_settings().database_url == "postgresql+psycopg2://app:pw@db/console"


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        ("DEBUG", "1", "DEBUG: must be off"),
        ("SECRET_KEY", "", "SECRET_KEY: missing"),
        ("SECRET_KEY", "short", "SECRET_KEY: weak"),
        ("SECRET_KEY", "a" * 64, "SECRET_KEY: weak"),
        ("SECRET_KEY", "please-change-me-8f2c1b7e9a4d5063f1e2d3c4", "SECRET_KEY: weak"),
        ("BASE_URL", "", "BASE_URL: missing"),
        ("BASE_URL", "http://console.example.org", "BASE_URL: must begin with https://"),
        ("BASE_URL", "console.example.org", "BASE_URL: must look like"),
        ("DATABASE_URL", "", "DATABASE_URL: missing"),
        ("DATABASE_URL", "mysql://db/console", "DATABASE_URL: must look like"),
        ("DATABASE_OWNER_URL", "sqlite:///x", "DATABASE_OWNER_URL: must look like"),
        ("REDIS_URL", "", "REDIS_URL: missing"),
        ("REDIS_URL", "amqp://mq", "REDIS_URL: must look like"),
        ("PORT", "99999", "PORT: "),
        ("PROXY_HOPS", "-1", "PROXY_HOPS: "),
        ("RATE_LIMIT_API", "often", "RATE_LIMIT_API: must look like"),
        ("PROBE_ALLOWED_NETWORKS", "10.0.0.0/8,10.1.1.1/8", "PROBE_ALLOWED_NETWORKS: 10.1.1.1/8 is not"),
        ("MAIL_URL", "smtp://mail:587", "MAIL_FROM: needed"),
        ("SENTRY_DSN", "yes", "SENTRY_DSN: must look like"),
        ("SESSION_IDLE_MINUTES", "20000", "SESSION_IDLE_MINUTES: longer"),
        ("ENVIRONMENT", "prod", "ENVIRONMENT: "),
    ],
)
@pytest.mark.usefixtures("production")
def test_it_refuses(monkeypatch: pytest.MonkeyPatch, name: str, value: str, fault: str) -> None:
    monkeypatch.setenv(name, value)
    faults = find_faults()
    assert [line for line in faults if line.startswith(fault)], faults
    with pytest.raises(ConfigError, match=re.escape(fault)):
        load_settings()


def test_it_lists_every_fault_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENVIRONMENT", "production")
    monkeypatch.setenv("DEBUG", "true")
    monkeypatch.setenv("PORT", "http")
    monkeypatch.setenv("SECRET_KEY", "hunter2")
    with pytest.raises(ConfigError) as refusal:
        load_settings()
    named = [fault.partition(":")[0] for fault in refusal.value.faults]
    assert named == ["PORT", "DEBUG", "SECRET_KEY", "BASE_URL", "DATABASE_URL", "REDIS_URL"]
    assert "hunter2" not in str(refusal.value)


def test_it_judges_development_by_production_rules_when_asked() -> None:
    assert find_faults() == []
    assert find_faults(production=True)[0] == "ENVIRONMENT: must be production"


def test_it_cannot_be_built_unsafe_in_code_either() -> None:
    with pytest.raises(ValidationError, match="DEBUG: must be off"):
        Settings(environment="production", debug=True)


def test_it_reads_secrets_from_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{GOOD['SECRET_KEY']}\n")
    monkeypatch.setenv("SECRET_KEY_FILE", str(tmp_path / "key"))
    assert load_settings().secret_key == GOOD["SECRET_KEY"]
    monkeypatch.setenv("SECRET_KEY", "both")
    assert find_faults() == ["SECRET_KEY: set it or SECRET_KEY_FILE, not both"]


def test_it_names_a_secret_file_that_cannot_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL_FILE", "/nowhere/url")
    assert find_faults() == ["DATABASE_URL: the file /nowhere/url named by DATABASE_URL_FILE cannot be read"]


def test_it_makes_a_private_key_once_in_development(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CONSOLE_DATA_DIR", str(tmp_path / "data"))
    first = load_settings().secret_key
    assert len(first) == 64
    assert load_settings().secret_key == first
    assert (tmp_path / "data" / "secret_key").stat().st_mode & 0o777 == 0o600


def test_it_reads_a_dotenv_file_below_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PORT=8100\nHOST=127.0.0.2\n")
    monkeypatch.setenv("PORT", "8200")
    assert (load_settings().host, load_settings().port) == ("127.0.0.2", 8200)


@pytest.mark.usefixtures("production")
def test_it_never_shows_secrets() -> None:
    shown = repr(load_settings())
    assert "pw@db" not in shown
    assert GOOD["SECRET_KEY"] not in shown


def test_it_hands_children_what_it_found(monkeypatch: pytest.MonkeyPatch) -> None:
    handed_down = Settings(secret_key="k" * 40, port=8123, redis_url="unix:///r.sock")
    monkeypatch.setenv("SECRET_KEY_FILE", "/run/secrets/key")
    handed = child_environment(handed_down)
    assert (handed["PORT"], handed["REDIS_URL"], handed["SECRET_KEY"]) == ("8123", "unix:///r.sock", "k" * 40)
    assert "SECRET_KEY_FILE" not in handed


def _script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("env_example", ROOT / "scripts" / "env_example.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_example_file_is_current() -> None:
    assert (ROOT / ".env.example").read_text() == _script().example()


def test_the_example_file_is_a_valid_configuration(tmp_path: Path) -> None:
    uncommented = re.sub(r"^#([A-Z])", r"\1", (ROOT / ".env.example").read_text(), flags=re.MULTILINE)
    (tmp_path / ".env").write_text(uncommented)
    assert load_settings().port == 8000
