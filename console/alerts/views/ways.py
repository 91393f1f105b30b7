"""What the list says before anything has failed: a line that sends a failure."""

import json
from typing import Any

from flask import request

from console.infra.actor import Role
from console.web.auth import current_actor

EXAMPLE = {
    "service": "shop",
    "task": "shop.jobs.charge_card",
    "exception_type": "TimeoutError",
    "message": "The bank did not answer within 10 s",
    "severity": "error",
}
PLACE = "TOKEN"


def ways(token: str = "") -> dict[str, Any]:
    """The line, with `token` in it or a place for one, and whether the reader may make one."""
    return {"curl": curl(token or PLACE), "token": token, "may_make_token": current_actor().role is Role.ADMIN}


def curl(token: str) -> str:
    """A command for any shell that sends one failure to this console."""
    url = f"{request.url_root}api/v1/failures"
    body = json.dumps(EXAMPLE)
    return f"curl -X POST {url} -H 'Authorization: Bearer {token}' -H 'Content-Type: application/json' -d '{body}'"
