"""A task put into its queue as Celery would: the message made by Celery, the envelope as kombu writes it on Redis."""

import json
import uuid
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from redis import Redis

# Sent once however often it is tried: the mark and the message are written together.
_PUSH: Final = """
if redis.call('set', KEYS[1], '1', 'nx', 'ex', ARGV[2]) then
    redis.call('lpush', KEYS[2], ARGV[1])
    return 1
end
return 0
"""
MARK_SECONDS: Final = 7 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Message:
    """A task to send: `queue` is the list it goes into, the rest is as it was when it failed."""

    task_id: str
    name: str
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    queue: str
    root_id: str | None
    parent_id: str | None


class Sender:
    """Sends to one broker. Raises `redis.RedisError` while it is away."""

    def __init__(self, connection: "Redis", *, prefix: str = "") -> None:
        self._redis = connection
        self._prefix = prefix

    def send(self, message: Message) -> bool:
        """Put the task into its queue; False when a try before did. Raises TypeError for what JSON cannot hold."""
        mark = f"{self._prefix}console:sent:{message.task_id}"
        pushed = self._redis.eval(
            _PUSH, 2, mark, f"{self._prefix}{message.queue}", envelope(message), str(MARK_SECONDS)
        )
        return bool(pushed)


def envelope(message: Message) -> str:
    """The task as kombu's Redis transport keeps it in a list."""
    made = _app().amqp.as_task_v2(
        message.task_id,
        message.name,
        args=message.args,
        kwargs=dict(message.kwargs),
        root_id=message.root_id,
        parent_id=message.parent_id,
        origin="console",
    )
    return json.dumps(
        {
            "body": b64encode(json.dumps(made.body).encode()).decode(),
            "content-encoding": "utf-8",
            "content-type": "application/json",
            "headers": made.headers,
            "properties": {
                "correlation_id": message.task_id,
                "reply_to": "",
                "delivery_mode": 2,
                "delivery_info": {"exchange": "", "routing_key": message.queue},
                "priority": 0,
                "body_encoding": "base64",
                "delivery_tag": str(uuid.uuid4()),
            },
        }
    )


@cache
def _app() -> Any:
    # Late: of all processes only the one that sends needs Celery, and its import takes a while.
    from celery import Celery

    return Celery("console", set_as_current=False, fixups=[])
