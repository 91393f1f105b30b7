"""Prometheus Alertmanager's webhook, version "4" (and what is like it): see its docs, configuration/#webhook_config.

A group is sent whole each time, so most of what comes has come before. Only `alerts[].labels` is relied upon: other
versions and other senders leave out the rest.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from console.alerts.rules.failure import Failure
from console.alerts.rules.webhooks.notice import Mail, Notice, Unreadable, instant, severity, words

SOURCE = "alertmanager"
RESOLVED = "resolved"
MAX_ALERTS = 10_000
TOLD = ("summary", "message", "title", "description")
ABOVE = ("receiver", "groupKey", "externalURL", "version")


def read(body: Any, *, at: datetime) -> Mail:
    """The alerts of one notification, received `at`; raises Unreadable when it holds no list of them."""
    if not isinstance(body, Mapping) or not isinstance(body.get("alerts"), list):
        raise Unreadable("An Alertmanager notification is an object with a list 'alerts'.")
    if len(body["alerts"]) > MAX_ALERTS:
        raise Unreadable(f"At most {MAX_ALERTS:,} alerts; set max_alerts in Alertmanager's webhook_config.")
    found = [_notice(alert, body, at) for alert in body["alerts"]]
    return Mail(tuple(n for n in found if n is not None), sum(n is None for n in found))


def _notice(alert: Any, body: Mapping[str, Any], at: datetime) -> Notice | None:
    if not isinstance(alert, Mapping):
        return None
    labels = _texts(alert.get("labels"))
    if not labels:
        return None
    starts = instant(alert.get("startsAt"), at=at)
    over = words(alert.get("status") or body.get("status")).lower() == RESOLVED
    fingerprint = words(alert.get("fingerprint"), 200) or _fingerprint(labels)
    failure = _failure(alert, body, labels, fingerprint=fingerprint, at=min(starts or at, at))
    # Without a start, a re-send cannot be told from a second failure.
    key = f"{SOURCE}:{fingerprint}:{starts.isoformat()}:{RESOLVED if over else 'firing'}" if starts else None
    return Notice(failure, over=over, key=key, as_of=starts, why="Alertmanager says that it is over")


def _failure(
    alert: Mapping[str, Any], body: Mapping[str, Any], labels: dict[str, str], *, fingerprint: str, at: datetime
) -> Failure:
    annotations = _texts(alert.get("annotations"))
    task = labels.get("alertname") or _texts(body.get("commonLabels")).get("alertname") or "alert"
    extra = {name: body[name] for name in ABOVE if body.get(name)}
    extra |= {"annotations": annotations, "generatorURL": alert.get("generatorURL")}
    return Failure(
        service=words(labels.get("service") or labels.get("job") or SOURCE, 200),
        environment=words(labels.get("environment") or labels.get("env") or "production", 200),
        task=words(task),
        severity=severity(labels.get("severity", "")),
        message=next((annotations[name] for name in TOLD if annotations.get(name)), task),
        occurred_at=at,
        host=words(labels.get("instance", "")) or None,
        runbook_url=words(annotations.get("runbook_url") or annotations.get("runbook") or "", 2000) or None,
        tags=labels,
        fingerprint=fingerprint,
        source=SOURCE,
        extra=extra,
    )


def _fingerprint(labels: Mapping[str, str]) -> str:
    told = json.dumps(labels, sort_keys=True).encode()
    return hashlib.blake2b(told, digest_size=8).hexdigest()


def _texts(value: Any) -> dict[str, str]:
    found = value if isinstance(value, Mapping) else {}
    return {str(name): str(text) for name, text in found.items() if isinstance(text, str | int | float)}
