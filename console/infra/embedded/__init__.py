"""Real PostgreSQL and Redis servers under one data folder, for development, tests and small installations.

Servers outlive the process that started them: the next caller adopts one that answers and restarts one that does not.
Not here: who starts them when (`console.cli`), and servers named by URL (nothing needs to be started for those).
"""

from console.infra.embedded.account import EmbeddedError
from console.infra.embedded.postgres import ensure_postgres, postgres_running, stop_postgres
from console.infra.embedded.redis import ensure_redis, redis_running, stop_redis
from console.infra.embedded.roles import PostgresUrls

__all__ = [
    "EmbeddedError",
    "PostgresUrls",
    "ensure_postgres",
    "ensure_redis",
    "postgres_running",
    "redis_running",
    "stop_postgres",
    "stop_redis",
]
