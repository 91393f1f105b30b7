"""What a save would do, as the forms of calendars and policies show it: at once, or a job that is asked again."""

import hashlib
import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from flask import Response, make_response, redirect
from werkzeug.datastructures import MultiDict

from console.infra.actor import Role
from console.infra.errors import Fault, Invalid
from console.infra.jobs.registry import spec_of
from console.tickets import forms, jobs
from console.tickets.actions.promises import Saved
from console.tickets.models import Rebuild, SlaCalendar, SlaPolicy
from console.tickets.queries import rebuilds as reads
from console.tickets.queries.preview import Preview
from console.tickets.views.blueprint import bp
from console.web import htmx
from console.web.auth import current_actor, requires
from console.web.filters import plural

MOVED: Final = "The form was changed after the look, so nothing was saved: below stands what it would do now."


@dataclass(frozen=True, slots=True)
class Ran:
    """A dry run: what was found, or how far its job is; `failed` when that came to nothing."""

    found: dict[str, Any] | None
    job: uuid.UUID | None = None
    progress: float = 0.0
    failed: bool = False


@bp.get("/tickets/dry-runs/<uuid:job_id>")
@requires(Role.VIEWER)
def dry_run(job_id: uuid.UUID) -> Response:
    """How far it is, and then what it found; asked again and again by the form that waits."""
    return htmx.page("tickets/dry_run.html", "dry_run", ran=of_job(job_id))


def asked(form: MultiDict[str, str]) -> Ran | None:
    """The dry run that the form waits for, unless it asks for a new one; raises NotFound."""
    try:
        return of_job(uuid.UUID(form.get("job", ""))) if form.get("do") == "wait" else None
    except ValueError:
        return None


def digest(wanted: Mapping[str, Any]) -> str:
    """What tells one edit from another."""
    return hashlib.sha256(json.dumps(wanted, sort_keys=True).encode()).hexdigest()


def seen(form: MultiDict[str, str], wanted: Mapping[str, Any]) -> bool:
    """Whether what is to be saved is what was looked at."""
    return form.get("looked") == digest(wanted)


def of_job(job_id: uuid.UUID) -> Ran:
    """A dry run by its job; raises NotFound."""
    job = reads.job_named(job_id, spec_of(jobs.preview_edit).name)
    if job.result is not None:
        return Ran(_read(job.result), job.id, 1.0)
    return Ran(None, job.id, job.progress or 0.0, failed=job.finished)


def shown(ran: "Ran | Preview | uuid.UUID") -> Ran:
    """Whatever asking for a dry run answered."""
    if isinstance(ran, Preview):
        return Ran(_read(jobs.shown(ran)))
    return of_job(ran) if isinstance(ran, uuid.UUID) else ran


def told(rebuild: Rebuild | None) -> str:
    """What a save did, or is about to do."""
    if rebuild is None:
        return ""
    if rebuild.finished_at is None:
        return f"{plural(rebuild.total, 'open ticket')} are counted anew now."
    moved = f"{plural(rebuild.moved, 'deadline')} moved"
    return f"{moved}, {rebuild.breached:,} became breached, {rebuild.rescued:,} were rescued."


def named(given: dict[str, Any], what: str, find: Callable[[str], object | None]) -> str:
    """The name that was typed for something new; raises Invalid for one that will not do or is taken."""
    name = forms.name(given["name"].strip())
    if find(name) is not None:
        sentence = f"There is a {what} “{name}” already."
        raise Invalid(sentence, errors=[Fault("/name", sentence)])
    return name


def check_version(found: SlaCalendar | SlaPolicy, given: dict[str, Any], *, saved_by: str) -> None:
    """Raise Invalid when somebody saved since the form was opened; shown again, it is about what they saved."""
    if given["version"] == found.version:
        return
    given["version"] = found.version
    sentence = (
        f"{saved_by} saved version {found.version} meanwhile. Look at it; if yours shall hold instead, look again."
    )
    raise Invalid(sentence, errors=[Fault("/version", sentence)])


def after_save(saved: Saved, version: int, to: str) -> Response:
    """See to it that tickets are counted anew, say so, and lead back."""
    jobs.carry_on(saved.rebuild, by=current_actor())
    same = f"Nothing was changed: version {version} says the same."
    htmx.toast(same if saved.rebuild is None else f"Saved as version {version}. {told(saved.rebuild)}")
    return make_response(redirect(to, 303))


def _read(found: dict[str, Any]) -> dict[str, Any]:
    """A preview as JSON with its instants as such."""
    return {
        **found,
        "changes": [{name: _value(name, value) for name, value in one.items()} for one in found["changes"]],
    }


def _value(name: str, value: Any) -> Any:
    return datetime.fromisoformat(value) if value is not None and name.endswith("_at") else value
