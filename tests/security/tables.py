"""Which tables there are to look into."""

from sqlalchemy import text
from sqlalchemy.orm import Session


def table_names(session: Session) -> list[str]:
    """Every table by its own name; a partition is read through the table it belongs to, as the application does."""
    found = session.scalars(
        text(
            "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition"
            " AND relnamespace = 'public'::regnamespace ORDER BY relname"
        )
    )
    return list(found)
