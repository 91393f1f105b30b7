"""Reading a helpdesk's own PostgreSQL by somebody's query, in a read-only transaction with an end.

Rows are followed in the order of (updated_at, id), by what was read last. Since a transaction may commit after a later
one has, what was changed within the overlap before the last reading is read again.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from console.infra import clock
from console.infra.errors import Fault
from console.tickets.client.errors import Trouble
from console.tickets.client.postgres import Answer, Reader, open_reader, place_of
from console.tickets.rules.sources import query as queries
from console.tickets.rules.sources.feed import Batch, Feed, Reject
from console.tickets.rules.sources.rows import REQUIRED, TIMES, Reading, Row, Unfit, instant, most, read_row

__all__ = ["fetch", "place_of", "preview"]

BATCH: Final = 500
PREVIEW: Final = 5
TIMESTAMPS: Final = {"timestamp with time zone": "timestamptz", "timestamp without time zone": "timestamp"}
NEEDED: Final = (*REQUIRED, "updated_at")


def fetch(feed: Feed) -> Batch:
    """The next rows, at most 500; raises Trouble."""
    with open_reader(feed.url) as reader:
        kind = _kind_of_updates(reader, feed.options)
        return _batch(feed, reader, kind, BATCH, feed.cursor)


def preview(feed: Feed) -> Batch:
    """The five rows changed longest ago, mapped; raises Trouble with a fault for each column."""
    with open_reader(feed.url) as reader:
        kind = _kind_of_updates(reader, feed.options)
        return _batch(feed, reader, kind, PREVIEW, None)


def _kind_of_updates(reader: Reader, options: Mapping[str, Any]) -> str:
    """The type of `updated_at`, after a look at all columns; raises Trouble."""
    try:
        # Parentheses hold it: it cannot end our statement.
        queries.check(options["query"])
    except queries.Refused as error:
        raise Trouble(str(error), faults=[Fault("/query", str(error))]) from None
    types = reader.columns(f"SELECT * FROM ({_escaped(options['query'])}\n) AS source LIMIT 0")  # noqa: S608 - checked
    columns = options["columns"]
    faults = [fault for name, column in columns.items() if (fault := _fault(name, column, types)) is not None]
    faults += [Fault(f"/columns/{name}", f"{name} needs a column.") for name in NEEDED if name not in columns]
    if faults:
        raise Trouble(" ".join(fault.detail for fault in faults), faults=faults)
    return TIMESTAMPS[types[columns["updated_at"]]]


def _fault(name: str, column: str, types: Mapping[str, str]) -> Fault | None:
    if column not in types:
        there = ", ".join(sorted(types)[:40])
        return Fault(f"/columns/{name}", f"{name}: the query has no column {column}; it has {there}.")
    found = types[column]
    if name in TIMES and found not in TIMESTAMPS and not (found == "date" and name != "updated_at"):
        return Fault(f"/columns/{name}", f"{name}: column {column} is of type {found}; it must be a timestamp.")
    if found == "bytea":
        return Fault(f"/columns/{name}", f"{name}: column {column} is of type bytea; it must be text.")
    return None


def _batch(feed: Feed, reader: Reader, kind: str, limit: int, cursor: Mapping[str, Any] | None) -> Batch:
    options = feed.options
    columns: Mapping[str, str] = options["columns"]
    where, values = _after(columns, kind, cursor, options)
    names = list(columns)
    zone = options["timezone"]
    now = "now()::text" if kind == "timestamptz" else "(now() AT TIME ZONE %s)::text"
    at, key = _name(columns["updated_at"]), _name(columns["external_id"])
    shown = ", ".join(_shown(name, columns[name]) for name in names)
    # The query is what an admin wants run, in a transaction that only reads; values are parameters, names are quoted.
    statement = (
        f"SELECT {now}, source.{at}::text, source.{key}::text, {shown}",
        f"FROM ({_escaped(options['query'])}\n) AS source",
        f"WHERE {where} ORDER BY source.{at}, source.{key} LIMIT {limit:d}",
    )
    found = reader.rows(" ".join(statement), ([zone] if kind == "timestamp" else []) + values)
    rows, rejects = _read(found, names, Reading(zone, options["resolved_statuses"]))
    return Batch(rows, rejects, _cursor(found, cursor, more=len(found) == limit), more=len(found) == limit)


def _after(
    columns: Mapping[str, str], kind: str, cursor: Mapping[str, Any] | None, options: Mapping[str, Any]
) -> tuple[str, list[Any]]:
    at, key = (f"source.{_name(columns[name])}" for name in ("updated_at", "external_id"))
    if not cursor or cursor.get("at") is None:
        return f"{at} IS NOT NULL", []
    exact, place = f"({at}, {key}) > (%s::{kind}, %s)", [cursor["at"], cursor["id"]]
    if cursor["more"]:
        return exact, place
    again = f"%s::{kind} - make_interval(secs => %s)"
    overlap = [cursor["read_at"], options["overlap_seconds"]]
    # The first half follows from the second; an index can be entered by it.
    where = f"{at} >= LEAST(%s::{kind}, {again}) AND ({exact} OR {at} >= {again})"
    return where, [cursor["at"], *overlap, *place, *overlap]


def _cursor(found: Sequence[Answer], before: Mapping[str, Any] | None, *, more: bool) -> dict[str, Any]:
    """How far it came. While there is more, the next batch goes on exactly after the last row of this one.

    `read_at` is when the first of these batches was read: whatever committed later is within the overlap before it.
    """
    if found:
        read_at, at, key = found[-1][:3]
        if before and before["more"]:
            read_at = before["read_at"]
        return {"at": at, "id": key, "read_at": read_at, "more": more}
    return {**(before or {"at": None, "id": None, "read_at": None}), "more": False}


def _read(found: Sequence[Answer], names: Sequence[str], reading: Reading) -> tuple[list[Row], list[Reject]]:
    rows: list[Row] = []
    rejects: list[Reject] = []
    now = max([clock.now(), *(_judged_at(answer, reading) for answer in found[:1])])
    for answer in found:
        row = read_row(dict(zip(names, answer[3:], strict=True)), reading, now=now)
        if isinstance(row, Row):
            rows.append(row)
        else:
            rejects.append(Reject(answer[2] or "?", "; ".join(row)))
    return rows, rejects


def _judged_at(answer: Answer, reading: Reading) -> datetime:
    """The helpdesk's own clock: what lies ahead of ours alone is a row like any other."""
    try:
        return instant(answer[0] or "", reading.zone)
    except Unfit:
        return clock.now()


def _shown(name: str, column: str) -> str:
    text = f"to_json(source.{_name(column)})::text" if name == "tags" else f"source.{_name(column)}::text"
    # What is longer is refused by the row, and never fills our memory.
    return f"left({text}, {most(name) + 1:d})"


def _name(column: str) -> str:
    return _escaped('"' + column.replace('"', '""') + '"')


def _escaped(text: str) -> str:
    """As it must stand in a statement that has parameters."""
    return text.replace("%", "%%")
