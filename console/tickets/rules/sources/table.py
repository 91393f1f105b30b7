"""A file of tickets with separated values: its encoding and delimiter found and said, its rows as texts.

Nothing is ever computed: what looks like a formula is a text like any other.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from console.tickets.rules.sources.rows import FIELDS, Reading, Row, Unfit, read_row
from console.tickets.rules.sources.rows import REQUIRED as NEEDED

DELIMITERS: Final = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
MOST_COLUMNS: Final = 200
NO_TEXT: Final = "This is no text file."
# Other words that files have for our fields; compared without case, blanks and signs.
ALSO: Final = {
    "external_id": ("id", "ticketid", "ticket", "number", "ticketnumber", "key", "issuekey"),
    "subject": ("title", "summary", "betreff", "titel"),
    "status": ("state", "ticketstatus"),
    "priority": ("prio", "prioritaet", "priorität"),
    "organization": ("organisation", "company", "customer", "client", "account"),
    "requester": ("requesteremail", "reporter", "contact", "from", "customeremail"),
    "assignee": ("assignedagent", "agent", "owner", "assignedto", "assigned"),
    "group": ("team", "queue", "groupname"),
    "url": ("link",),
    "tags": ("labels", "tag"),
    "sla_policy": ("sla", "policy", "slaname"),
    "created_at": ("created", "createdat", "createddate", "opened", "openedat", "createdtime"),
    "updated_at": ("updated", "modified", "lastupdated", "changed", "lastupdatedtime"),
    "first_responded_at": ("firstresponse", "firstresponseat", "firstreply", "initialresponsetime"),
    "resolved_at": ("resolved", "solved", "solvedat", "closed", "closedat", "resolvedtime"),
    "first_response_due": ("firstresponsedue", "responsedue", "frdueby"),
    "next_response_due": ("nextresponsedue",),
    "resolution_due": ("resolutiondue", "due", "dueby", "duedate", "dueat"),
}


@dataclass(frozen=True, slots=True)
class Judged:
    """A row of a file: `line` counts from 1, the header being the first. Either a row, or why not."""

    line: int
    cells: Sequence[str]
    row: Row | None
    faults: Sequence[str] = ()


def decode(body: bytes) -> tuple[str, str]:
    """The text and the encoding it was in; raises Unfit for what is no text."""
    for mark, name in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if body.startswith(mark):
            return _text(_as(body, name)), {"utf-8-sig": "UTF-8 with a mark"}.get(name, "UTF-16")
    if b"\0" in body:
        raise Unfit(NO_TEXT)
    try:
        return body.decode("utf-8"), "UTF-8"
    except UnicodeDecodeError:
        pass
    try:
        return body.decode("cp1252"), "Windows-1252"
    except UnicodeDecodeError:
        return body.decode("latin-1"), "Latin-1"


def delimiter_of(text: str) -> str:
    """What stands between the names of the header, quotations left out."""
    header = re.sub(r'"(?:[^"]|"")*"', "", text.lstrip("\r\n").splitlines()[0] if text.strip() else "")
    return max(DELIMITERS, key=header.count)


def lines(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """(number, cells) of each row that is not empty, the header first; raises Unfit where it cannot be read."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    number = 0
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                number += 1
                yield number, cells
    except csv.Error as error:
        raise Unfit(f"Near line {reader.line_num:,}: {error}.") from None


def header_of(text: str, delimiter: str) -> list[str]:
    """The names of its columns; raises Unfit for none, too many, or two of one name."""
    first = next(lines(text, delimiter), None)
    names = [name.strip() for name in first[1]] if first else []
    told = [name for name in names if name]
    if not told or len(names) > MOST_COLUMNS:
        raise Unfit(f"The first line must name 1 to {MOST_COLUMNS} columns.")
    if twice := sorted({name for name in told if told.count(name) > 1}):
        raise Unfit(f"Two columns are called {twice[0]}.")
    return names


def guess(header: Sequence[str], remembered: Mapping[str, str]) -> dict[str, str]:
    """Which column is which field: as last time where the file has that column, else by its name."""
    found = {field: column for field, column in remembered.items() if column in header and field in FIELDS}
    plain = {_plain(column): column for column in reversed(header) if column}
    for field in FIELDS:
        words = (_plain(field), *ALSO.get(field, ()))
        columns = [plain[word] for word in words if word in plain and plain[word] not in found.values()]
        if columns and field not in found:
            found[field] = columns[0]
    return {field: found[field] for field in FIELDS if field in found}


def judge(
    numbered: tuple[int, Sequence[str]],
    header: Sequence[str],
    columns: Mapping[str, str],
    reading: Reading,
    now: datetime,
) -> Judged:
    """One row of the file under a mapping."""
    line, cells = numbered
    if len(cells) > len(header):
        return Judged(line, cells, None, [f"it has {len(cells)} cells, the header {len(header)}"])
    named = dict(zip(header, [*cells, *[""] * (len(header) - len(cells))], strict=True))
    found = read_row({field: named[column] for field, column in columns.items()}, reading, now=now)
    return Judged(line, cells, found) if isinstance(found, Row) else Judged(line, cells, None, found)


def missing(columns: Mapping[str, str]) -> list[str]:
    """Fields that have no column and need one."""
    return [field for field in NEEDED if field not in columns]


def _plain(name: str) -> str:
    return re.sub(r"[^0-9a-zäöüß]", "", name.casefold())


def _text(text: str) -> str:
    # UTF-32 looks like UTF-16 whose every second character is NUL.
    if "\0" in text:
        raise Unfit(NO_TEXT)
    return text


def _as(body: bytes, encoding: str) -> str:
    try:
        return body.decode(encoding)
    except UnicodeDecodeError:
        raise Unfit("Its mark says an encoding that it is not in.") from None
