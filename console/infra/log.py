"""Logs: JSON lines in production, readable ones in development; on stderr, with request ids, without secrets.

Code logs with `structlog.get_logger(__name__)`; libraries' own records take the same road.
"""

import logging
import sys

import orjson
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from console.config import Settings
from console.infra.scrub import scrub_value

# Libraries that tell every step at INFO.
QUIET = ("alembic", "sqlalchemy", "werkzeug", "urllib3", "sentry_sdk")


def configure(settings: Settings) -> None:
    """Set up logging for this process; may be called again."""
    shared = _shared()
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_formatter(settings, shared))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(settings.log_level)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def _shared() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
    ]


def _formatter(settings: Settings, shared: list[Processor]) -> logging.Formatter:
    as_json = settings.log_format == "json" or (settings.log_format == "auto" and settings.production)
    renderer: Processor = structlog.processors.JSONRenderer(_dumps) if as_json else _readable()
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _scrub, _one_line, renderer],
    )


def _readable() -> Processor:
    return structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback, pad_event_to=0
    )


def _scrub(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """The one way out of this process for words: whatever anybody logged, secrets stay here."""
    clean: EventDict = scrub_value({name: _plain(value) for name, value in event.items()})
    return clean


def _plain(value: object) -> object:
    """What is no JSON value becomes text here, so that it is scrubbed as one."""
    try:
        return orjson.loads(orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS))
    except orjson.JSONEncodeError:
        return repr(value)


def _dumps(event: EventDict, **_: object) -> str:
    return orjson.dumps(event, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


def _one_line(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Nobody forges a second line with a newline in a name (CWE-117); tracebacks keep theirs."""
    for key, value in event.items():
        if isinstance(value, str) and key not in {"exception", "stack"}:
            event[key] = value.replace("\r", "\\r").replace("\n", "\\n")
    return event
