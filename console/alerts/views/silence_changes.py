"""What people do to silences and maintenance windows: make, preview, change, end."""

from typing import Any
from zoneinfo import available_timezones

from flask import Response, make_response, redirect, request, url_for

from console.alerts import actions, queries
from console.alerts.actions.silences import OVER, checked
from console.alerts.models import Silence, SilenceKind
from console.alerts.queries import silences as reads
from console.alerts.rules.silences.matchers import Matcher
from console.alerts.rules.silences.spans import SilenceState
from console.alerts.views import silence_form as forms
from console.alerts.views.blueprint import bp
from console.alerts.views.silences import kind_asked, showing
from console.infra import clock
from console.infra.actor import Role
from console.infra.errors import Conflict, Invalid
from console.web import htmx
from console.web.auth import current_actor, requires

NAMES = {SilenceKind.SILENCE: "Silence", SilenceKind.MAINTENANCE: "Maintenance window"}


@bp.get("/alerts/silences/new")
@requires(Role.RESPONDER)
def new_silence() -> Response:
    """The empty form; with `alert` filled by what the alert is known by, with `like` by another one."""
    kind, like, alert = kind_asked(), _number("like"), _number("alert")
    if like:
        model = reads.get_any(like)
        kind = SilenceKind(model.kind)
        return _form(kind, forms.blank(kind, model.asks, model.reason), matchers=model.asks)
    asks = forms.of_alert(queries.get(alert)) if alert else ()
    return _form(kind, forms.blank(kind, asks), matchers=asks)


@bp.post("/alerts/silences")
@requires(Role.RESPONDER)
def create_silence() -> Response:
    """Make one, or show the form again with its faults."""
    kind, now = kind_asked(), clock.now()
    try:
        wanted = forms.parse(request.form, kind, now)
        made = actions.create_silence(kind, wanted, by=current_actor(), at=now)
    except Invalid as refusal:
        return _form(kind, forms.typed(request.form), refusal=refusal)
    htmx.toast(f"{NAMES[kind]} {made.id} is made.")
    return _to(made)


@bp.post("/alerts/silences/preview")
@requires(Role.RESPONDER)
def preview_silence() -> Response:
    """What the form would hide now; the whole form for who has no script."""
    kind = kind_asked()
    found = reads.get_any(given) if (given := _number("of")) else None
    try:
        matchers = checked(forms.asked(request.form, kind))
    except Invalid as refusal:
        return _form(kind, forms.typed(request.form), found, refusal=refusal, status=200)
    return _form(kind, forms.typed(request.form), found, matchers=tuple(matchers))


@bp.get("/alerts/silences/<int:silence_id>/edit")
@requires(Role.RESPONDER)
def edit_silence(silence_id: int) -> Response:
    """The form with what is stored."""
    found = reads.get_any(silence_id)
    if found.span.state(clock.now()) is SilenceState.EXPIRED:
        raise Conflict(OVER)
    return _form(SilenceKind(found.kind), forms.stored(found), found, matchers=found.asks)


@bp.post("/alerts/silences/<int:silence_id>")
@requires(Role.RESPONDER)
def change_silence(silence_id: int) -> Response:
    """Make it so, or show the form again with its faults."""
    found, now = reads.get_any(silence_id, lock=True), clock.now()
    kind, begun = SilenceKind(found.kind), _begun(found)
    try:
        wanted = forms.parse(request.form, kind, now, begun=found.starts_at if begun else None)
        actions.change_silence(found, wanted, by=current_actor(), at=now)
    except Invalid as refusal:
        return _form(kind, forms.typed(request.form), found, refusal=refusal)
    htmx.toast(f"{NAMES[kind]} {found.id} is changed.")
    return _to(found)


@bp.post("/alerts/silences/<int:silence_id>/expiry")
@requires(Role.RESPONDER)
def expire_silence(silence_id: int) -> Response:
    """End it now."""
    found = reads.get_any(silence_id, lock=True)
    actions.expire_silence(found, by=current_actor(), at=clock.now())
    to = url_for("alerts.silence", silence_id=found.id)
    said = f"{NAMES[SilenceKind(found.kind)]} {found.id} has ended. Who was not told of what is still open is told now."
    return htmx.done("alerts/silence.html", "silence_page", to=to, said=said, **showing(found))


def _number(name: str) -> int:
    """An id of the address; 0 when there is none."""
    text = request.args.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 19 else 0  # noqa: PLR2004


def _begun(found: Silence) -> bool:
    return found.span.state(clock.now()) is SilenceState.ACTIVE


def _to(found: Silence) -> Response:
    return make_response(redirect(url_for("alerts.silence", silence_id=found.id), 303))


def _form(
    kind: SilenceKind,
    typed: dict[str, Any],
    found: Silence | None = None,
    *,
    matchers: tuple[Matcher, ...] = (),
    refusal: Invalid | None = None,
    status: int | None = None,
) -> Response:
    choices = queries.choices()
    return htmx.page(
        "alerts/silence_form.html",
        "silence_preview" if request.path.endswith("/preview") else (),
        status=status or (refusal.status if refusal else 200),
        kind=kind.value,
        silence=found,
        begun=found is not None and _begun(found),
        typed=typed,
        faults=forms.faults(refusal) if refusal else {},
        refused=refusal is not None and status is None,
        preview=reads.preview(matchers) if matchers else None,
        services=choices["service"],
        environments=choices["environment"],
        fields=forms.fields(),
        ops=forms.OPS,
        lengths=forms.LENGTH_WORDS,
        zones=[(name, name) for name in sorted(available_timezones())],
    )
