"""Files to keep, streamed: what is sent while it is still read."""

from collections.abc import Iterator

from flask import Response, stream_with_context


def table(name: str, lines: Iterator[str]) -> Response:
    """CSV as a download called `name`.csv, from its lines.

    They are read when the request's transaction has been settled: rows that it loaded are expired by then. So `lines`
    holds values, or reads rows itself while it is read (tests/web/test_files.py asks every address for its file so).
    """
    made = Response(stream_with_context(lines), mimetype="text/csv")
    made.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return made
