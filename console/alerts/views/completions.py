"""What the search can be completed by, as a list to choose from while somebody types."""

from dataclasses import dataclass

from flask import Response, request

from console.alerts.queries import completion
from console.alerts.rules.search import MAX_LENGTH, TAG, typing
from console.alerts.views.blueprint import bp
from console.infra.actor import Role
from console.web import htmx
from console.web.auth import requires


@dataclass(frozen=True, slots=True)
class Offer:
    """`text` is shown and put where `begin` to `end` stood; after a field's name its values follow."""

    text: str
    begin: int
    end: int
    goes_on: bool


@bp.get("/alerts/completions")
@requires(Role.VIEWER)
def completions() -> Response:
    """Fields, then their values, for what stands before the caret (`at`)."""
    text = request.args.get("q", "")[:MAX_LENGTH]
    at = request.args.get("at", "")
    caret = min(int(at), len(text)) if at.isdecimal() and len(at) < 6 else len(text)  # noqa: PLR2004
    return htmx.page("alerts/completions.html", "offers", offers=_offers(text, caret), q=text)


def _offers(text: str, caret: int) -> list[Offer]:
    found = typing.typed(text, caret)
    if found is None:
        return []
    if found.field:
        values = [typing.quoted(value) if "<" not in value and ">" not in value else value for value in _values(found)]
        return [Offer(value, found.begin, caret, goes_on=False) for value in values]
    names = completion.tag_fields(found.part) if found.part.startswith(TAG) else typing.fields(found.part)
    return [Offer(name, found.begin, caret, goes_on=True) for name in names[: completion.MOST]]


def _values(found: typing.Typed) -> list[str]:
    return completion.completions(found.field, found.part)
