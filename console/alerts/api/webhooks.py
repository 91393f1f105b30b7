"""Webhooks of other alert systems. Their scope is ingest; a sender that cannot set a header says `?token=`."""

from typing import Any

import orjson
from flask import Response, request
from pydantic import BaseModel

from console.alerts import actions
from console.alerts.api.blueprint import bp, reply
from console.alerts.rules.webhooks import alertmanager, sentry
from console.alerts.rules.webhooks.notice import Unreadable
from console.infra import clock
from console.infra.actor import Scope
from console.infra.errors import BadRequest, Forbidden, Invalid, Unauthorized
from console.web.auth import requires_scope
from console.web.inputs import whole_body
from console.web.openapi import describe
from console.web.settings import settings

MAX_BYTES = 16 * 1024 * 1024
ANYTHING = {"application/json": {"schema": {"type": "object", "additionalProperties": True}}}
TOO_MUCH = f"At most {MAX_BYTES // 1024 // 1024} MiB; nothing was stored"


class TakenOut(BaseModel):
    """How many parts were news, sent before, endings of alerts, or nothing to the console; the alerts concerned."""

    accepted: int
    duplicates: int
    resolved: int
    ignored: int
    alerts: list[int]


@bp.post("/webhooks/alertmanager")
@requires_scope(Scope.INGEST)
@describe(
    "Alertmanager's notifications (version 4): what fires, what is over",
    content=ANYTHING,
    reply=TakenOut,
    status=202,
    problems={413: TOO_MUCH, 422: "It holds no list of alerts"},
)
def from_alertmanager() -> Response:
    """Whatever its content type says. What may succeed later answers 5xx: Alertmanager repeats nothing else."""
    at = clock.now()
    try:
        mail = alertmanager.read(_json(_raw()), at=at)
    except Unreadable as error:
        raise Invalid(str(error)) from error
    return _told(actions.take_alertmanager(mail, at=at))


@bp.post("/webhooks/sentry")
@requires_scope(Scope.INGEST)
@describe(
    "Sentry's integration webhooks: events of alert rules, issues created, resolved, archived, come back",
    content=ANYTHING,
    reply=TakenOut,
    status=202,
    problems={
        401: "No valid token, or the signature is not of this body",
        403: "The token lacks the scope, or no client secret is set",
        413: TOO_MUCH,
        422: "It lacks what a webhook of its resource has",
    },
)
def from_sentry() -> Response:
    """`Sentry-Hook-Signature` is checked before anything is read. What is no failure is ignored with a 2xx."""
    at, raw = clock.now(), _raw()
    _check_signature(raw)
    try:
        mail = sentry.read(request.headers.get("Sentry-Hook-Resource", ""), _json(raw), at=at)
    except Unreadable as error:
        raise Invalid(str(error)) from error
    return _told(actions.take_sentry(mail, body=sentry.digest(raw), at=at))


def _check_signature(raw: bytes) -> None:
    secrets, signature = settings().sentry_webhook_secret, request.headers.get("Sentry-Hook-Signature", "")
    if not signature:
        raise BadRequest("Sentry-Hook-Signature is missing: only what Sentry has signed is read.")
    if not secrets:
        raise Forbidden("Signatures cannot be checked: set SENTRY_WEBHOOK_SECRET to the integration's client secret.")
    if not sentry.signed(raw, signature, secrets):
        raise Unauthorized("Sentry-Hook-Signature is not this body's; nothing was read.")


def _raw() -> bytes:
    return whole_body(at_most=MAX_BYTES, too_large=f"{TOO_MUCH}.")


def _json(raw: bytes) -> Any:
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise BadRequest(f"The body is not JSON: {error}.") from error


def _told(taken: actions.Taken) -> Response:
    told = TakenOut(
        accepted=taken.accepted,
        duplicates=taken.duplicates,
        resolved=taken.resolved,
        ignored=taken.ignored,
        alerts=list(taken.alerts),
    )
    return reply(told, 202)
