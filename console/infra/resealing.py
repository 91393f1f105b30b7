"""Bringing every stored secret under the newest key. Columns say `info={"sealed": True}`; no room is named here."""

from collections.abc import Iterator

from sqlalchemy import Column, Table, select, update

from console.infra import crypto
from console.infra.db import Model, db


def reseal_all() -> tuple[int, list[str]]:
    """Seal anew whatever can be opened, in the caller's transaction.

    Returns how many secrets were sealed anew, and "table.column id" of each that no key opens: those stay as they are.
    """
    done, closed = 0, list[str]()
    for table, column in _sealed():
        key = next(iter(table.primary_key))
        rows = db.session.execute(select(key, column).where(column.is_not(None)).order_by(key).with_for_update()).all()
        for row_id, sealed in rows:
            try:
                anew = crypto.reseal(sealed)
            except crypto.Sealed:
                closed.append(f"{table.name}.{column.name} {row_id}")
                continue
            db.session.execute(update(table).where(key == row_id).values({column.name: anew}))
            done += 1
    return done, closed


def _sealed() -> Iterator[tuple[Table, "Column[str]"]]:
    for table in Model.metadata.sorted_tables:
        yield from ((table, column) for column in table.columns if column.info.get("sealed"))
