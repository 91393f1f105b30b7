"""A message in the form of each kind of channel."""

from datetime import datetime
from typing import Any, Final

from console.oncall.rules.wording import About, Message, Told, facts, headline, lead, line

COLOURS: Final = {"critical": "#c01830", "error": "#d9560f", "warning": "#b98200", "info": "#8493a8"}
# Mattermost and Rocket.Chat read `attachments` but not Slack's `blocks`, so the older form is the wider one.
SLACK_NAMED: Final = 20


def mail_text(told: Message) -> str:
    """The body of a mail: plain text, readable on a watch."""
    if told.about is About.TEST:
        return f"{lead(told)}\n\n{told.home}\n"
    if told.about is About.SUMMARY:
        return _summary_text(told)
    one = told.alerts[0]
    parts = [lead(told), line(one.title, 1_000), "\n".join(f"{name}: {value}" for name, value in facts(one))]
    if one.acknowledge_url:
        parts.append(f"Acknowledge with one tap (yours alone, works once):\n{one.acknowledge_url}")
    parts.append(f"Open it in the console:\n{one.url}")
    return "\n\n".join(parts) + "\n"


def mail_headers(told: Message, domain: str) -> dict[str, str]:
    """The same Message-ID however often a mail is tried, and reminders in the thread of their opening."""
    headers = {"Message-ID": f"<{told.uid}@{domain}>", "X-Console-Type": told.about.value}
    if told.about not in {About.TEST, About.SUMMARY}:
        one = told.alerts[0]
        thread = f"<alert-{one.id}-{one.opening}@{domain}>"
        headers |= {"References": thread, "In-Reply-To": thread}
    return headers


def slack(told: Message) -> dict[str, Any]:
    """The JSON of an incoming webhook as Slack, Mattermost and Rocket.Chat take it."""
    named = told.alerts[:SLACK_NAMED]
    body: dict[str, Any] = {"text": f"*{_escaped(headline(told))}*\n{_escaped(lead(told))}"}
    if told.about is About.SUMMARY:
        rows = [f"{one.severity}: <{one.url}|{_escaped(one.service)}: {_escaped(line(one.title))}>" for one in named]
        more = [f"and {told.total - len(named):,} more: <{told.home}|all of them>"] if told.total > len(named) else []
        body["attachments"] = [_attachment(told, "\n".join(rows + more))]
    elif named:
        one = named[0]
        extra = {"title": _escaped(line(one.title)), "title_link": one.url, "fields": _fields(one)}
        body["attachments"] = [_attachment(told, "") | extra]
    return body


def webhook(told: Message) -> dict[str, Any]:
    """The JSON of a generic webhook: `type`, `timestamp`, `data`, as the Standard Webhooks specification lays out."""
    data: dict[str, Any] = {"console": told.home, "total": told.total, "alerts": [_plain(one) for one in told.alerts]}
    return {"type": told.about.value, "timestamp": _iso(told.at), "data": data}


def _summary_text(told: Message) -> str:
    rows = [f"{one.severity}, {one.status}: {one.service}: {line(one.title)}\n{one.url}" for one in told.alerts]
    more = [f"… and {told.total - len(told.alerts):,} more."] if told.total > len(told.alerts) else []
    return "\n\n".join([f"{headline(told)}\n{lead(told)}", *rows, *more, f"All of them:\n{told.home}"]) + "\n"


def _attachment(told: Message, text: str) -> dict[str, Any]:
    return {"color": COLOURS[told.worst], "fallback": _escaped(headline(told)), "text": text}


def _fields(one: Told) -> list[dict[str, Any]]:
    return [{"title": name, "value": _escaped(value), "short": len(value) < 40} for name, value in facts(one)]  # noqa: PLR2004


def _escaped(text: str) -> str:
    # Slack's own three; anything more shows up as written.
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _plain(one: Told) -> dict[str, Any]:
    return {
        "id": one.id,
        "service": one.service,
        "environment": one.environment,
        "task": one.task,
        "title": one.title,
        "severity": one.severity,
        "status": one.status,
        "count": one.count,
        "first_seen": _iso(one.first_seen),
        "last_seen": _iso(one.last_seen),
        "runbook_url": one.runbook_url,
        "acknowledged_by": one.acknowledged_by,
        "tags": dict(one.tags),
        "url": one.url,
        "opening": one.opening,
        "step": one.step,
        "why": one.why,
    }


def _iso(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
