"""Messages without what varies from one failure of a cause to the next.

What shows by its form that it varies becomes `*` (`rules.variables`, `rules.tokens`: numbers, identifiers, addresses,
instants, paths, whatever is quoted), and so does a name in the place of a name (`rules.slots`: `user bob`); a list of
values is one `*`; singular and plural are one. Codes that name a cause stay (`rules.codes`), and so do quoted names
of a program's own things (`rules.names`) and every word, be its letters hexadecimal.
"""

import re
from functools import lru_cache

from console.alerts.rules.codes import hide_codes, show_codes, unlike_codes
from console.alerts.rules.lists import without_lists
from console.alerts.rules.loglines import without_prefix, without_threads
from console.alerts.rules.names import with_names
from console.alerts.rules.segments import of_path, of_token, of_url
from console.alerts.rules.servers import one_server, server
from console.alerts.rules.slots import without_names
from console.alerts.rules.statements import without_cut, without_statements
from console.alerts.rules.tokens import without_tokens
from console.alerts.rules.variables import LOGGED, VARIABLE, VARIES
from console.alerts.rules.words import one_number

# What is read of a message; more says nothing new about its cause.
MAX_MESSAGE = 8_192
MAX_TITLE = 300
ANY = "*"
_ROUNDS = 8
# What a further pass may find more in.
_LEFT = re.compile(r"""[\d"'`\\@\u2018\u201c\u201e\u00ab\u00bb\u300c]|\A[\[(<]|\.\.\.|\u2026""")


def normalise_message(text: str, *, servers: bool = False) -> str:
    """`text` with its variable parts replaced by `*` and plurals made singular.

    `servers`: which kind of server an address is of (`redis *`) stays, for failures whose type does not say it.
    """
    return _normalised(text[:MAX_MESSAGE], servers)


@lru_cache(maxsize=1024)
def _normalised(text: str, servers: bool) -> str:  # noqa: FBT001 - a key of the cache
    # What a pass uncovers (a quote that lost its partner, a longer list) the next one takes; most need one.
    text = unlike_codes(text)
    for _ in range(_ROUNDS):
        shorter = _pass(text, servers=servers)
        if shorter == text or not _LEFT.search(shorter):
            return show_codes(shorter)
        text = shorter
    return show_codes(text)


def _pass(text: str, *, servers: bool) -> str:
    text = without_threads(without_prefix(text.replace("[removed]", ANY).strip(), LOGGED))
    varies = VARIES.search(text)
    if varies:
        text = hide_codes(without_statements(with_names(without_cut(text))))
    text = without_names(text, server if servers else _any)
    if varies:
        text = VARIABLE.sub(_with_servers if servers else _replaced, without_tokens(text))
    text = one_server(without_lists(" ".join(text.split())))
    return one_number(text).strip(" .:;,!").replace("\\n", " ")


def _any(_: str) -> str:
    return ANY


def _with_servers(found: "re.Match[str]") -> str:
    kind = found.lastgroup
    return server(found[0]) if kind in {"address", "host", "six"} else _replaced(found)


def _replaced(found: "re.Match[str]") -> str:
    kind, part = found.lastgroup, found[0]
    if kind == "url":
        return of_url(part)
    if kind == "path":
        return of_path(part)
    if kind == "token":
        return of_token(part)
    return ANY


def title(exception_type: str | None, message: str | None, task: str) -> str:
    """One line of at most 300 characters for lists: what was raised and its first line, or the task if that is all.

    The type stands without its module, as people say it; the whole of it is told with the traceback.
    """
    first = next((line.strip() for line in (message or "").splitlines() if line.strip()), "")
    whole = (exception_type or "").strip()
    kind = whole.rpartition(".")[2] or whole
    if kind and first.startswith((f"{whole}:", f"{kind}:")):
        first = first.partition(":")[2].strip()
    line = ": ".join(part for part in (kind, first) if part) or f"{task} failed"
    line = line.replace("\n", " ")
    return line if len(line) <= MAX_TITLE else f"{line[: MAX_TITLE - 1]}…"
