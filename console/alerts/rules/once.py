"""What tracebacks of one cause share, so that a storm of them is read once."""

import re

# `Type: message` as the last line, right below a frame's source.
_RAISED_LAST = re.compile(r"([A-Za-z_][\w.]*): [^\n]*\n*\Z")
_NO_PLAIN_MESSAGE = (
    "Traceback",
    "File ",
    "+-",
    "[Previous line",
    "The above",
    "During handling",
    "\x1b",
    "\r",
    "\\n  File ",
)


def without_message(traceback: str) -> str | None:
    """A plain traceback up to the type of what was raised last, without its message; None where that is not plain."""
    head, _, last = traceback.rstrip("\n").rpartition("\n")
    found = _RAISED_LAST.match(last)
    if not found or not head.rpartition("\n")[2].startswith("    ") or any(odd in last for odd in _NO_PLAIN_MESSAGE):
        return None
    return f"{head}\n{found[1]}" if "\\n  File " not in head and "\x1b" not in head else None
