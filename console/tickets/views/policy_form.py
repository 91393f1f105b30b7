"""The form of a policy: what is typed, and what it means. Lists are a line each, for names may hold commas."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import ValidationError
from werkzeug.datastructures import MultiDict

from console.infra.errors import Fault, Invalid
from console.tickets import forms
from console.tickets.models import SlaPolicy
from console.tickets.rules import written
from console.tickets.rules.policy import CLOCKS, DEFAULT, MATCHERS
from console.web.inputs import faults_of

CLOCK_WORDS: Final = (
    ("first_response", "First response"),
    ("next_response", "Next response"),
    ("resolution", "Resolution"),
)
WORDS: Final = ("name", "calendar", "position", "at_risk")
# Rows of targets below those that are filled.
SPARE: Final = 2
POSITION_DIGITS: Final = 7
PERCENT: Final = 100


def blank() -> dict[str, Any]:
    """What a new policy's form shows."""
    rows = [{"priority": DEFAULT, "first_response": "1h", "next_response": "2h", "resolution": "8h"}]
    lists = {**dict.fromkeys(MATCHERS, ""), "paused_statuses": "pending\non_hold"}
    return {**dict.fromkeys(WORDS, ""), "at_risk": "25%", **lists, "rows": _padded(rows), "version": 0}


def stored(found: SlaPolicy, body: Mapping[str, Any]) -> dict[str, Any]:
    """What is there."""
    targets = sorted(body["targets"].items(), key=lambda pair: pair[0] != DEFAULT)
    rows = [{"priority": name, **_target_texts(given)} for name, given in targets]
    lists = {name: "\n".join(body["match"].get(name) or []) for name in MATCHERS}
    words = {"name": found.name, "calendar": body["calendar"], "position": str(found.position)}
    risk = {"at_risk": risk_text(body["at_risk"]), "paused_statuses": "\n".join(body["paused_statuses"])}
    return {**words, **lists, **risk, "rows": _padded(rows), "version": found.version}


def typed(form: MultiDict[str, str]) -> dict[str, Any]:
    """What was typed, for the form that is shown again."""
    words = {name: form.get(name, "") for name in (*WORDS, *MATCHERS, "paused_statuses")}
    columns = [form.getlist(f"target_{name}") for name in ("priority", *CLOCKS)]
    rows = [dict(zip(("priority", *CLOCKS), row, strict=True)) for row in zip(*columns, strict=False)]
    version = form.get("version", "")
    number = int(version) if version.isdecimal() and len(version) < 9 else 0  # noqa: PLR2004
    return {**words, "rows": _padded([row for row in rows if any(row.values())]), "version": number}


def body_of(given: Mapping[str, Any]) -> tuple[int | None, dict[str, Any]]:
    """The position and the policy that a form means. Raises Invalid with a pointer for each fault."""
    faults: list[Fault] = []
    body = {
        "calendar": given["calendar"],
        "position": _position(given["position"], faults),
        "match": {name: _lines(given[name]) for name in MATCHERS if _lines(given[name])},
        "targets": _targets(given["rows"], faults),
        "paused_statuses": _lines(given["paused_statuses"]),
        "at_risk": _risk(given["at_risk"], faults),
    }
    if not faults:
        try:
            found = forms.PolicyIn.model_validate(body)
        except ValidationError as error:
            faults += faults_of(error.errors(include_url=False, include_input=False))
        else:
            return found.position, found.body()
    raise Invalid("The policy breaks a rule.", errors=faults)


def by_field(refusal: Invalid) -> dict[str, str]:
    """The first sentence for each field of the form."""
    found: dict[str, str] = {}
    for fault in refusal.errors:
        parts = fault.pointer.strip("/").split("/")
        name = parts[1] if parts[0] == "match" and len(parts) > 1 else parts[0]
        detail = f"{parts[1]}: {fault.detail}" if parts[0] == "targets" and len(parts) > 1 else fault.detail
        found.setdefault(name, detail)
    return found


def risk_text(risk: Mapping[str, float]) -> str:
    """When a clock is at risk as one types it: "25%" or "30m"."""
    if "minutes" in risk:
        return written.minutes_text(risk["minutes"]) if risk["minutes"] else "0m"
    percent = round(risk["fraction"] * PERCENT, 10)
    return f"{int(percent) if percent.is_integer() else percent}%"


def _target_texts(given: Mapping[str, float | None]) -> dict[str, str]:
    said = {name: written.NONE if given[name] is None else written.minutes_text(given[name] or 0) for name in given}
    return {**dict.fromkeys(CLOCKS, ""), **said}


def _targets(rows: list[dict[str, str]], faults: list[Fault]) -> dict[str, dict[str, float | None]]:
    found: dict[str, dict[str, float | None]] = {}
    for row in rows:
        name = row["priority"].strip()
        if not any(row.values()):
            continue
        if not name or name in found:
            sentence = f"“{name}” stands there twice." if name else "A row of targets needs its priority."
            faults.append(Fault("/targets", sentence))
        found[name] = {}
        for clock in CLOCKS:
            text = row[clock].strip()
            try:
                if text:
                    found[name][clock] = None if text.lower() == written.NONE else written.minutes(text)
            except ValueError as error:
                faults.append(Fault(f"/targets/{name or 'a row'}/{clock}", str(error)))
    return found


def _risk(text: str, faults: list[Fault]) -> dict[str, float]:
    plain = text.strip()
    try:
        if plain.endswith("%"):
            return {"fraction": round(float(plain[:-1]) / PERCENT, 12)}
        return {"minutes": float(written.minutes(plain))}
    except ValueError:
        sentence = f"“{plain}” is neither a share such as 25% nor a length such as 30m."
        faults.append(Fault("/at_risk", sentence))
        return {"fraction": 0.0}


def _position(text: str, faults: list[Fault]) -> int | None:
    plain = text.strip()
    if plain and not (plain.isdecimal() and plain.isascii() and len(plain) <= POSITION_DIGITS):
        faults.append(Fault("/position", "Write a whole number, or nothing: last."))
        return None
    return int(plain) if plain else None


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _padded(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    return rows + [dict.fromkeys(("priority", *CLOCKS), "") for _ in range(SPARE)]
