"""The test button: is this a Redis, does it hold what we look for, how far is it. It answers within three seconds."""

import socket
import threading
import time
from dataclasses import dataclass
from typing import Any, Final

import redis
from redis import Redis

from console.infra.brokers import Wire, told
from console.infra.brokers.words import WEB
from console.infra.deadline import Deadline
from console.queues.client.look.values import pipe_of, text
from console.queues.rules.brokers import Kind

SECONDS: Final = 2.0
# A name that does not resolve holds the thread that asked; nobody waits for it longer than this.
PATIENCE: Final = 2.5
SHORT: Final = 0.3
# What PostgreSQL answers with one letter, S or N (its protocol, "SSL Session Encryption").
SSL_REQUEST: Final = b"\x00\x00\x00\x08\x04\xd2\x16\x2f"


@dataclass(frozen=True, slots=True)
class Found:
    """What the test found. `milliseconds` is one round trip; counts are None where nothing was found to count."""

    ok: bool
    said: str
    version: str | None = None
    milliseconds: float | None = None
    rq_queues: int | None = None
    rq_workers: int | None = None
    rq_failed: int | None = None
    celery_queues: int | None = None
    celery_workers: int | None = None


def probe(client: "Redis", wire: Wire, kind: Kind, *, prefix: str = "") -> Found:
    """Try it out in a thread of its own, with an end; raises nothing that a broker can cause."""
    found: list[Found] = []
    thread = threading.Thread(target=lambda: found.append(_try(client, wire, kind, prefix)), daemon=True)
    thread.start()
    thread.join(PATIENCE)
    return found[0] if found else Found(ok=False, said="No answer in time.")


def _try(client: "Redis", wire: Wire, kind: Kind, prefix: str) -> Found:
    until = time.monotonic() + SECONDS
    try:
        with Deadline(until, wire.find):
            return _look(client, kind, prefix)
    except (redis.RedisError, OSError) as error:
        late = time.monotonic() >= until
        return Found(ok=False, said="No answer in time." if late else _better(told(error), wire))
    finally:
        client.close()


def _look(client: "Redis", kind: Kind, prefix: str) -> Found:
    info: Any = client.info("server")
    began = time.perf_counter()
    client.ping()
    passed = (time.perf_counter() - began) * 1000
    queues, workers, bound, announced = pipe_of(
        client,
        ("SMEMBERS", "rq:queues"),
        ("SCARD", "rq:workers"),
        ("SCARD", f"{prefix}_kombu.binding.celery"),
        ("SCARD", f"{prefix}_kombu.binding.celery.pidbox"),
    )
    names = [text(key).removeprefix("rq:queue:") for key in queues][:100]
    failed = sum(pipe_of(client, *(("ZCARD", f"rq:failed:{name}") for name in names)))
    facts: dict[str, Any] = {"version": str(info.get("redis_version", "")), "milliseconds": round(passed, 1)}
    facts |= {"rq_queues": len(queues), "rq_workers": workers, "rq_failed": failed}
    facts |= {"celery_queues": bound, "celery_workers": announced}
    return Found(ok=True, said=_sentence(kind, facts), **facts)


def _sentence(kind: Kind, facts: dict[str, Any]) -> str:
    start = f"Redis {facts['version']} answers in {facts['milliseconds']:g} ms."
    rq, celery = (
        bool(facts["rq_queues"] or facts["rq_workers"]),
        bool(facts["celery_queues"] or facts["celery_workers"]),
    )
    if kind is Kind.RQ and rq:
        count = f"{facts['rq_queues']:,} queues, {facts['rq_workers']:,} workers, {facts['rq_failed']:,} failed jobs"
        return f"{start} RQ: {count}."
    if kind is Kind.CELERY and celery:
        return (
            f"{start} Celery: {facts['celery_workers']:,} workers announced, {facts['celery_queues']:,} queues bound."
        )
    if rq or celery:
        other = "RQ" if rq else "Celery"
        return f"{start} It holds keys of {other}, none of {_name(kind)}: is this the right kind of broker?"
    return f"{start} It holds no keys of {_name(kind)} yet."


def _name(kind: Kind) -> str:
    return "RQ" if kind is Kind.RQ else "Celery"


def _better(said: str, wire: Wire) -> str:
    """A server that hung up without a word is asked as PostgreSQL and as a web server are, which take us for noise."""
    if "without an answer" not in said or wire.peer is None:
        return said
    if _answer(wire.peer, SSL_REQUEST)[:1] in {b"S", b"N"}:
        return "PostgreSQL answers there, not Redis."
    return WEB if _answer(wire.peer, b"HEAD / HTTP/1.0\r\n\r\n").startswith(b"HTTP/") else said


def _answer(peer: Any, question: bytes) -> bytes:
    """The first bytes that somebody says to it; none for whoever stays silent for a third of a second."""
    try:
        with socket.create_connection(peer, timeout=SHORT) as again:
            again.settimeout(SHORT)
            again.sendall(question)
            return again.recv(16)
    except OSError:
        return b""
