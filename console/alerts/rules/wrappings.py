"""What is put around a message on its way: its own type once more, the client that asked, a server's remarks after it.

A browser, a JVM and a driver each hand on the same sentence in a wrapping of their own; the cause is the sentence.
"""

import re

_UNCAUGHT = re.compile(r"\A(?:Uncaught|Unhandled) (?=\w)")
# libpq says whom it asked, on which address; the server's answer follows.
_ASKED = re.compile(
    r"\A(?:\w{1,30}: error: )?connection to server (?:at|on socket) [^\n]{1,400}? failed: (?=\S)", re.IGNORECASE
)
# PostgreSQL's error fields after the message itself; a constraint or column that matters is in the message.
_REMARKS = re.compile(r"(?<=\S)\s+(?:DETAIL|HINT|CONTEXT|STATEMENT|QUERY): .*", re.DOTALL)


def unwrapped(kind: str, message: str) -> str:
    """`message` without its type (`kind`, with or without a module) before it, and without those wrappings."""
    text = _UNCAUGHT.sub("", message.lstrip())
    first, mark, rest = text.partition(": ")
    if mark and rest.strip() and kind and first.rpartition(".")[2] == kind.rpartition(".")[2]:
        text = rest
    if "connection to server" in text:
        text = _ASKED.sub("", text)
    return _REMARKS.sub("", text) if ": " in text else text
