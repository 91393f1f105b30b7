"""The embedded Redis: loses nothing to a kill, listens on no network, says what is missing."""

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from console.infra.embedded import EmbeddedError, binaries, ensure_redis, redis_running, stop_redis
from console.infra.embedded.binaries import Binary
from console.infra.embedded.redis import _refuse_newer_data


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    made = tmp_path / ("deep" * 25)
    yield made
    stop_redis(made)


def client(folder: Path) -> Redis:
    return Redis.from_url(ensure_redis(folder), decode_responses=True)


def test_it_keeps_what_was_written_through_a_kill(folder: Path) -> None:
    with client(folder) as redis:
        redis.rpush("queue", "a", "b", "c")
        info = redis.info()
        assert isinstance(info, dict)
    os.kill(info["process_id"], signal.SIGKILL)
    with client(folder) as again:
        assert again.lrange("queue", 0, -1) == ["a", "b", "c"]


def test_it_adopts_a_running_server(folder: Path) -> None:
    with client(folder) as first, client(folder) as second:
        assert first.info()["process_id"] == second.info()["process_id"]


def test_a_paused_server_is_waited_for_and_never_doubled(folder: Path) -> None:
    with client(folder) as redis:
        pid = redis.info()["process_id"]
    os.kill(pid, signal.SIGSTOP)
    try:
        assert redis_running(folder)
        threading.Timer(1, os.kill, (pid, signal.SIGCONT)).start()
        with client(folder) as again:
            assert again.info()["process_id"] == pid
    finally:
        os.kill(pid, signal.SIGCONT)


def test_it_is_set_up_for_a_queue(folder: Path) -> None:
    with client(folder) as redis:
        wanted = {"appendonly": "yes", "appendfsync": "everysec", "maxmemory-policy": "noeviction", "port": "0"}
        assert {name: redis.config_get(name)[name] for name in wanted} == wanted


def test_it_stops(folder: Path) -> None:
    ensure_redis(folder)
    assert redis_running(folder)
    stop_redis(folder)
    assert not redis_running(folder)
    stop_redis(folder)


def test_it_says_what_to_install_when_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(binaries, "REDIS_WHEELS", ())
    with pytest.raises(EmbeddedError, match="No Redis was found: install redis-server"):
        binaries.find_redis()


def test_it_refuses_data_of_a_newer_version(tmp_path: Path) -> None:
    (tmp_path / "appendonlydir").mkdir()
    with pytest.raises(EmbeddedError, match="written by Redis 7 or newer"):
        _refuse_newer_data(tmp_path, Binary(Path("/bin/redis-server"), 6))
    _refuse_newer_data(tmp_path, Binary(Path("/bin/redis-server"), 8))
