"""`/ping/…`: heartbeats, in the form of Healthchecks (https://healthchecks.io/docs/http_api/), whose senders fit.

No token (the address is the secret), no redirect (curl without -L would ping nothing), plain text, and any body.
"""

from flask import Blueprint, Response, request

from console.alerts import actions
from console.alerts.actions.pings import MAX_AGENT, MAX_BODY, Ping
from console.alerts.rules.heartbeats.address import Address, BadAddress, NoAddress, read, run_id
from console.infra import clock
from console.infra.errors import DomainError
from console.web.auth import public

bp = Blueprint("pings", __name__)

HEADERS = {
    "Ping-Body-Limit": str(MAX_BODY),
    "Access-Control-Allow-Origin": "*",
    "Cache-Control": "max-age=0, no-cache, no-store, must-revalidate, private",
}
# What follows the kept part of a body is read and dropped up to here, so that the sender can finish its sentence.
DRAIN_BYTES = 32 * 1024 * 1024
CHUNK = 64 * 1024


@bp.route("/ping/<path:path>", methods=["GET", "HEAD", "POST"], merge_slashes=False)
@public
def ping(path: str) -> Response:
    """200 OK; 201 Created by `?create=1`; 400 malformed; 404 unknown; 409 a slug that heartbeats share."""
    try:
        address = read(path)
        said = _said(address)
        created = actions.ping(address, said, create_missing=request.args.get("create") == "1")
    except NoAddress:
        return _text("not found", 404)
    except BadAddress as error:
        return _text(f"invalid address: {error}", 400)
    except DomainError as error:
        return _text(error.detail, error.status)
    return _text("Created", 201) if created else _text("OK", 200)


def _said(address: Address) -> Ping:
    rid, body = run_id(request.args.get("rid")), _body()
    return Ping(
        kind=address.kind,
        at=clock.now(),
        exit_code=address.exit_code,
        rid=rid,
        method=request.method,
        address=request.remote_addr,
        agent=request.headers.get("User-Agent", "")[:MAX_AGENT] or None,
        body=body[:MAX_BODY] or None,
        body_cut=len(body) > MAX_BODY,
    )


def _body() -> bytes:
    """The body's beginning, one byte longer than what is kept when there is more."""
    request.max_content_length = None
    kept, dropped = request.stream.read(MAX_BODY + 1), 0
    while len(kept) > MAX_BODY and dropped < DRAIN_BYTES and (chunk := request.stream.read(CHUNK)):
        dropped += len(chunk)
    return kept


def _text(text: str, status: int) -> Response:
    return Response(text, status=status, headers=HEADERS, mimetype="text/plain")
