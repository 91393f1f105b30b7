"""Sentry's internal integrations: https://docs.sentry.io/organization/integrations/integration-platform/webhooks/.

An issue is one alert, whatever tells of it: an alert rule's event, or the issue's own life.
"""

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from console.alerts.rules.failure import Failure
from console.alerts.rules.webhooks.notice import Mail, Notice, Unreadable, instant, severity, text, words
from console.alerts.rules.webhooks.tracebacks import traceback_of

SOURCE = "sentry"
OPENS = {"created": "a new issue", "unresolved": "it has come back"}
CLOSES = {"resolved": "resolved in Sentry", "archived": "archived in Sentry", "ignored": "ignored in Sentry"}
PROJECTS = "projects"


def signed(raw: bytes, signature: str, secrets: Iterable[str]) -> bool:
    """Whether `signature` is the hex HMAC-SHA256 of the raw body under one of the integrations' client secrets."""
    given = signature.strip().lower().encode("utf-8", "replace")
    made = [hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest().encode() for secret in secrets]
    return any(hmac.compare_digest(given, one) for one in made)


def digest(raw: bytes) -> str:
    """What names a body: the signature covers nothing else, so the same body again is a replay."""
    return f"{SOURCE}:{hashlib.sha256(raw).hexdigest()}"


def fingerprint(issue: str) -> str:
    """The alert of an issue."""
    return f"{SOURCE}:{issue}"


def read(resource: str, body: Any, *, at: datetime) -> Mail:
    """What a webhook of this resource says; raises Unreadable when it lacks what the resource must have.

    Resources and actions that say nothing about failing (comments, installations, assignments) are ignored.
    """
    if not isinstance(body, Mapping) or not isinstance(body.get("data"), Mapping):
        raise Unreadable("A webhook of Sentry is an object with 'action' and 'data'.")
    action, data = words(body.get("action")), body["data"]
    if resource == "event_alert":
        return Mail((_event(_part(data, "event"), at),))
    if resource == "issue":
        notice = _issue(action, _part(data, "issue"), at)
        return Mail((notice,)) if notice else Mail((), 1)
    return Mail((), 1)


def _event(event: Mapping[str, Any], at: datetime) -> Notice:
    issue = words(event.get("issue_id"), 100)
    if not issue:
        raise Unreadable("The event names no issue_id.")
    tags = {str(pair[0]): str(pair[1]) for pair in _list(event.get("tags")) if isinstance(pair, list) and len(pair) > 1}
    kind, value = _raised(event)
    failure = Failure(
        service=_project(event),
        environment=words(event.get("environment") or tags.get("environment") or "production", 200),
        task=words(event.get("transaction") or event.get("culprit") or event.get("title") or SOURCE) or SOURCE,
        exception_type=kind,
        message=value or text(event.get("message") or event.get("title")) or None,
        traceback=traceback_of(event),
        severity=severity(event.get("level") or "error"),
        occurred_at=min(instant(event.get("datetime"), at=at) or at, at),
        event_id=f"{SOURCE}:{event_id}" if (event_id := words(event.get("event_id"), 100)) else None,
        host=tags.get("server_name"),
        release=words(event.get("release"), 200) or None,
        tags=tags,
        fingerprint=fingerprint(issue),
        source=SOURCE,
        extra={name: event[name] for name in ("web_url", "issue_url", "platform") if event.get(name)},
    )
    return Notice(failure)


def _issue(action: str, issue: Mapping[str, Any], at: datetime) -> Notice | None:
    if action not in OPENS and action not in CLOSES:
        return None
    number = words(issue.get("id"), 100)
    if not number:
        raise Unreadable("The issue has no id.")
    seen = min(instant(issue.get("lastSeen"), at=at) or at, at)
    metadata = issue["metadata"] if isinstance(issue.get("metadata"), Mapping) else {}
    failure = Failure(
        service=_project(issue),
        task=words(issue.get("culprit") or issue.get("title") or SOURCE) or SOURCE,
        exception_type=words(metadata.get("type")) or None,
        message=text(metadata.get("value") or issue.get("title")) or None,
        severity=severity(issue.get("level") or "error"),
        occurred_at=seen,
        tags={name: words(issue[name]) for name in ("shortId",) if issue.get(name)},
        fingerprint=fingerprint(number),
        source=SOURCE,
        extra={name: issue[name] for name in ("web_url", "permalink", "substatus") if issue.get(name)},
    )
    return Notice(failure, over=action in CLOSES, why=CLOSES.get(action, OPENS.get(action, "")))


def _raised(event: Mapping[str, Any]) -> tuple[str | None, str | None]:
    metadata = event["metadata"] if isinstance(event.get("metadata"), Mapping) else {}
    return words(metadata.get("type")) or None, text(metadata.get("value")) or None


def _project(thing: Mapping[str, Any]) -> str:
    """The project's slug: said by an issue, part of an event's URL, or else its number."""
    project = thing.get("project")
    if isinstance(project, Mapping):
        return words(project.get("slug") or project.get("name") or project.get("id"), 200) or SOURCE
    path = urlsplit(words(thing.get("url"), 2000)).path.strip("/").split("/")
    if PROJECTS in path and len(path) > path.index(PROJECTS) + 2:
        return path[path.index(PROJECTS) + 2]
    slug = words(thing.get("project_slug"), 200)
    return slug or (f"{SOURCE}-project-{project}" if isinstance(project, int | str) and project else SOURCE)


def _part(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = data.get(name)
    if not isinstance(part, Mapping):
        raise Unreadable(f"The webhook has no 'data.{name}'.")
    return part


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
