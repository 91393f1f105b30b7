"""How a file of tickets is mapped, as pages and programs send it."""

import re
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from werkzeug.datastructures import MultiDict

from console.infra.errors import Invalid
from console.tickets.forms import Word
from console.tickets.forms.sources import Field_, Zone
from console.tickets.rules.sources.rows import FIELDS, RESOLVED
from console.web.inputs import faults_of


class TicketImportIn(BaseModel):
    """Which column of the file is which field. Times without an offset are of `timezone`."""

    model_config = ConfigDict(extra="forbid")

    columns: dict[Field_, Word] = Field(max_length=len(FIELDS))
    timezone: Zone = "UTC"
    resolved_statuses: list[Word] = Field(default=list(RESOLVED), max_length=50)


def import_form(form: "MultiDict[str, str]") -> TicketImportIn:
    """The mapping that a page's form describes; raises Invalid with a fault by field."""
    words = [word.strip() for word in re.split(r"[,\n]", form.get("resolved_statuses", "")) if word.strip()]
    columns = {name: form.get(f"column-{name}", "") for name in FIELDS}
    given: dict[str, Any] = {"columns": {name: column for name, column in columns.items() if column}}
    try:
        zone = form.get("timezone", "").strip() or "UTC"
        return TicketImportIn.model_validate({**given, "timezone": zone, "resolved_statuses": words})
    except ValidationError as error:
        faults = faults_of(error.errors(include_url=False, include_input=False))
        raise Invalid("Nothing was saved; see the fields.", errors=faults) from error
