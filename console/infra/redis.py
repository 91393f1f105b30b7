"""The connection to our own Redis: short time-outs, made once per process."""

from flask import current_app
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from console.config import Settings


def connect(settings: Settings, *, timeout: float | None = 0.5) -> "Redis":
    """A client for `REDIS_URL`; `timeout`: seconds to connect and for each answer, None for workers that block."""
    return Redis.from_url(
        settings.redis_url,
        socket_connect_timeout=timeout,
        socket_timeout=timeout,
        retry=Retry(NoBackoff(), 0),
        health_check_interval=30,
    )


def connection() -> "Redis":
    """The app's own client; raises `redis.RedisError` on use while Redis is away, never here."""
    client: Redis = current_app.extensions["console.redis"]
    return client
