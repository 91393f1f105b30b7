"""Messages without what varies from one failure of a cause to the next.

Numbers, hex, identifiers, addresses of objects, hosts and people, instants, durations, the variable parts of paths and
URLs and whatever is quoted become `*`; a list of such values is one `*`; singular and plural are one. Codes that name a
cause stay (`rules.codes`), and so does every word, be its letters hexadecimal.
"""

import re
from functools import lru_cache

from console.alerts.rules.codes import hide_codes, show_codes
from console.alerts.rules.loglines import prefix_pattern, without_prefix, without_threads
from console.alerts.rules.names import one_server, server, with_names
from console.alerts.rules.words import one_number

# What is read of a message; more says nothing new about its cause.
MAX_MESSAGE = 8_192
MAX_TITLE = 300
ANY = "*"

_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}\.?"
_DAY = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{0,6},?[ ]{1,2}"
_ZONE = r"(?:[ ]?(?:Z|UTC|GMT|[A-Z]{1,3}[SD]?T)\b)?(?:[ ]?[+-]\d\d:?\d\d\b)?"
_TIME = rf"\d{{1,2}}:\d\d(?::\d\d(?:[.,]\d{{1,9}})?)?(?:[ ]?[AaPp]\.?[Mm]\b\.?)?{_ZONE}"
_INSTANT = rf"""
    (?<!\d)\d{{4}}[-/.]\d{{1,2}}[-/.]\d{{1,2}}(?:[T ,_]{{1,2}}{_TIME})?{_ZONE}
  | (?:\b{_DAY})?(?<!\d)\d{{1,2}}[-/. ]{_MONTH}[-/. ,:]{{1,2}}\d{{2,4}}(?:[ :,T]{{1,2}}{_TIME})?
  | \b(?:{_DAY})?{_MONTH}[ ]{{1,2}}\d{{1,2}}(?:,?[ ]\d{{4}}\b(?!:))?(?:[ ,T]{{1,2}}{_TIME}(?:[ ]\d{{4}}\b)?)?
  | (?<!\d)\d{{1,2}}[./-]\d{{1,2}}[./-]\d{{2,4}}(?:[T ,]{{1,2}}{_TIME})?(?![.\d])
  | (?<![\d:]){_TIME}(?![:\d])
"""
_LOGGED = prefix_pattern(_INSTANT)
# Words before a colon and a number that are no host.
_KEY = r"(?i:[\w-]*(?:id|rss|vm|size|count|line|row|offset|port|len|length|bytes|total|limit|code|seq|ts|time|try|adj))"
# Nor is a source file, in a stack of another language.
_SOURCE = ("java", "kt", "scala", "py", "js", "ts", "go", "rs", "rb", "php", "cs", "c", "cc", "cpp", "h")
_NO_SOURCE = "".join(rf"(?<!\.{ending})" for ending in _SOURCE)
# Quotes of other scripts, as opening and closing: English, German, Polish, French, Danish, Swedish, Chinese, Japanese.
_SCRIPTS = (
    *(
        "\u201c\u201d",
        "\u201e\u201c\u201d",
        "\u00ab\u00bb",
        "\u00bb\u00ab",
        "\u2039\u203a",
        "\u203a\u2039",
        "\u201a\u2018\u2019",
    ),
    *(
        "\u300c\u300d",
        "\u300e\u300f",
        "\u300a\u300b",
        "\u3008\u3009",
        "\u201d\u201d",
        "\uff02\uff02",
        "\u301d\u301e\u301f",
        "\uff62\uff63",
    ),
)
_FOREIGN = "|".join(f"{pair[0]}[^{pair[1:]}]{{0,400}}[{pair[1:]}]" for pair in _SCRIPTS)
# Apostrophes inside words are none. What a cut left open ends with the text.
_QUOTED = rf"""
    '\[[^\]\n]{{0,1000}}\]'
  | (?<![\w\ue000-\ue009])[bBuUrR]{{0,2}}'(?:[^'\\\n]|\\.|(?<=\w)'(?=\w)){{0,1000}}'(?!\w)
  | [bBuUrR]{{0,2}}"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)
  | `[^`'\n]{{0,400}}['`]
  | \u2018(?:[^\u2019]|(?<=\w)\u2019(?=\w)){{0,400}}\u2019
  | {_FOREIGN}
"""
_TLD = (
    "com|net|org|local|internal|lan|cluster|svc|cloud|gov|edu|example|localdomain|corp|intra|arpa|svc\\.cluster\\.local"
)
_UNIT = (
    "ns|us|µs|ms|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|weeks?|milliseconds?|microseconds?|nanoseconds?"
    "|[kKMGTP]i?[bB]|[bB]|bytes?|KB|kB"
)
_VARIABLE = re.compile(
    rf"""(?x)
    (?P<url>\b[A-Za-z][A-Za-z0-9+.-]{{1,20}}+://[^\s"'<>)\]}},]{{1,2048}})
  | (?P<quoted>{_QUOTED})
  | (?P<instant>{_INSTANT})
  | (?P<address>(?<![\w.])\d{{1,3}}(?:\.\d{{1,3}}){{3}}:\d{{4,5}}(?![\w.]\d))
  | (?P<plain>
        \b[0-9a-fA-F]{{8}}-(?:[0-9a-fA-F]{{4}}-){{3}}[0-9a-fA-F]{{12}}\b
      | (?<![\w:-])(?:[0-9a-fA-F]{{2}}[:-]){{5}}[0-9a-fA-F]{{2}}(?![\w:-])
      | (?<![\w.+-])[\w.+-]{{1,64}}+@[\w-]{{1,64}}(?:\.[\w-]{{1,64}}){{0,8}}
      | (?<=\w)-(?=[a-f]*\d)[0-9a-f]{{6,10}}-[a-z0-9]{{5}}\b
      | \b0x[0-9a-fA-F]+\b
      | (?<![\w.])\d{{1,3}}(?:\.\d{{1,3}}){{3}}(?![\w.]\d)(?::\d{{1,5}})?(?:/\d{{1,2}})?
      | (?<![\w:])\[?(?=[0-9a-fA-F]{{0,4}}:[0-9a-fA-F]{{0,4}}:)[0-9a-fA-F:]{{2,39}}
        (?:[.\d]{{2,15}})?(?:%\w+)?(?:\]:\d{{1,5}})?(?![\w:])
      | (?<=\)=\()[^()\n]{{0,400}}(?:\([^()\n]{{0,400}}\)[^()\n]{{0,400}}){{0,4}}(?=\))
      | \b(?:us|eu|ap|sa|ca|me|af|il|cn)(?:-gov)?-(?:north|south|east|west|central){{1,2}}-\d[a-z]?\b
    )
  | (?P<host>
        (?<![\w./-])(?:localhost|(?:[\w-]{{1,63}}+\.){{1,9}}(?:{_TLD}))(?::\d{{1,5}})?(?![\w.-]\w|\w)
      | (?<![\w./-])(?!{_KEY}:)[A-Za-z][\w-]{{0,63}}+(?:\.[\w-]{{1,63}}+){{0,9}}+{_NO_SOURCE}:\d{{4,5}}(?!\w|:\d|\.\d)
    )
  | (?P<path>(?<![\w.*])(?:[A-Za-z]:(?=[\\/])|~|\.{{1,2}})?[\\/]{{1,2}}[^\s"'<>|:;,()\[\]{{}}]{{1,1024}}(?::\d+)?)
  | (?P<span>(?<![\w.])[-+]?\d[\d.,]*[ ]?(?:{_UNIT})\b(?:[ ,]{{0,2}}(?:and[ ])?\d[\d.,]*[ ]?(?:{_UNIT})\b)*)
  | (?P<number>(?<![\w.])[-+]?\d[\d_]*(?:[.,]\d+)*(?:[eE][-+]?\d+)?%?(?![^\W_]))
  | (?P<token>[^\W_]*\d[^\W_]*)
    """
)
# Most words hold nothing that varies: without one of these there is nothing to replace.
_VARIES = re.compile(
    rf"""[\d"'`/\\@\u2018{"".join(pair[0] for pair in _SCRIPTS)}]|localhost|\.(?:com|net|org|local|internal)\b"""
)

_VALUE = r"(?:\*|\b(?:None|True|False|null|nan|NaN|NaT)\b)"
_LIST = re.compile(rf"{_VALUE}(?:\s*(?:,|;|\band\b|\bor\b|,\s*and\b|,\s*or\b|[&|/:.=_+-]|=>|\s)\s*{_VALUE})+")
_GROUPS = re.compile(r"([\[({<]\*[\])}>])(?:\s*(?:,|;|and|or|,\s*and|:|\s)\s*[\[({<]\*[\])}>])+")
_PREFIXED = re.compile(r"(?<![\w*])([^\W\d]{1,30}[_-]\*)(?:\s*(?:,|;|\band\b|\bor\b)\s*\1(?![\w*]))+")
_NESTED = re.compile(r"([\[({])(?:[\[({]\*,?[\])}]|\*,)([\])}])")
# The same again: (X(111, *), X(111, *)) and lines of a foreign stack that differ in numbers only.
_AGAIN = re.compile(r"(?<=[\[({])([^\n]{3,200}?[)\]}>])(?:[,;] ?\1)+")
_ECHO = re.compile(r"(?<!\S)(\S+(?: \S+){0,5}?)(?: \1)+(?!\S)")
_ECHOES = 4
_ROUNDS = 8
# Python names a single bad character, and only counts several.
_POSITION = re.compile(r"\b(character|byte)s? \* in position")

_SQL_VALUES = re.compile(r"(?is)\bVALUES\s*\(.{0,4096}?(?=\]|$)|\bIN\s*\([^()]{0,4096}\)")
_PARAMETERS = re.compile(r"(?s)\[(parameters|SQL parameters|params): .{0,8192}?\](?=\n|$)")
_ROW = re.compile(r"(?s)(Failing row contains) \(.{0,4096}?\)(?=\.?(?:\n|$))")


def normalise_message(text: str, *, servers: bool = False) -> str:
    """`text` with its variable parts replaced by `*` and plurals made singular; the same again when applied twice.

    `servers`: which kind of server an address is of (`redis *`) stays, for failures whose type does not say it.
    """
    return _normalised(text[:MAX_MESSAGE], servers)


@lru_cache(maxsize=1024)
def _normalised(text: str, servers: bool) -> str:  # noqa: FBT001 - a key of the cache
    # What a pass uncovers (a quote that lost its partner, a longer list) the next one takes; most need one.
    for _ in range(_ROUNDS):
        shorter = _pass(text, servers=servers)
        if shorter == text:
            break
        text = shorter
    return text


def _pass(text: str, *, servers: bool) -> str:
    text = without_threads(without_prefix(text.replace("[removed]", ANY).strip(), _LOGGED))
    if _VARIES.search(text):
        text = with_names(text)
        text = _PARAMETERS.sub(r"[\1: *]", text) if "[p" in text or "[SQL" in text else text
        text = _SQL_VALUES.sub("VALUES *", text) if "SELECT" in text or "VALUES" in text else text
        text = _ROW.sub(r"\1 (*)", text)
        text = _VARIABLE.sub(_with_servers if servers else _replaced, hide_codes(text))
    text = _POSITION.sub(r"\1 in position", one_server(_without_lists(" ".join(text.split()))))
    return show_codes(one_number(text)).strip(" .:;,!").replace("\\n", " ")


def _without_lists(text: str) -> str:
    for _ in range(_ROUNDS):
        shorter = _LIST.sub(ANY, text)
        if "_*" in shorter or "-*" in shorter:
            shorter = _PREFIXED.sub(r"\1", shorter)
        shorter = _NESTED.sub(r"\1*\2", _GROUPS.sub(r"\1", shorter))
        shorter = _AGAIN.sub(r"\1", shorter)
        shorter = _ECHO.sub(r"\1", shorter) if shorter.count(ANY) >= _ECHOES else shorter
        if shorter == text:
            break
        text = shorter
    return text


def _with_servers(found: "re.Match[str]") -> str:
    return server(found[0]) if found.lastgroup in {"address", "host"} else _replaced(found)


def _replaced(found: "re.Match[str]") -> str:
    kind, part = found.lastgroup, found[0]
    if kind == "url":
        return _url(part)
    if kind == "path":
        return _path(part)
    if kind == "token":
        return _token(part)
    return ANY


_HEX_LIKE = re.compile(r"[0-9a-fA-F]{6,}")
_NUMBERED = re.compile(r"[^\W\d_]+\d+")


def _token(word: str) -> str:
    """A word with digits: `order123` is `order*`; identifiers, hashes and ordinals are `*`."""
    if not _NUMBERED.fullmatch(word) or _HEX_LIKE.fullmatch(word) or len(word) > 20:  # noqa: PLR2004 - no word so long
        return ANY
    return f"{word.rstrip('0123456789')}{ANY}"


# Tokens of mixed letters and digits, as `Xy12_ab-CD`, but not `Report-2024`.
_URL_TOKEN = re.compile(r"(?=[^\d]*\d)(?=[^a-z]*[a-z])(?=[^A-Z]*[A-Z])(?![A-Za-z_-]+\d+\Z)[\w-]{8,}:?")


def _url(url: str) -> str:
    """Scheme and the fixed parts of the path; the host, who asks and the query vary."""
    scheme, _, rest = url.partition("://")
    path = re.split(r"[?#]", rest, maxsplit=1)[0].partition("/")[2]
    return f"{scheme}://{ANY}/{_segments([_opaque(part) for part in path.split('/')])}".rstrip("/.")


def _opaque(part: str) -> str:
    return ANY if _URL_TOKEN.fullmatch(part) else part


_HIDING = frozenset({"tmp", "temp", "home", "Users", "releases", "folders", "pods", "containers", "T", "run"})


def _path(path: str) -> str:
    return _segments(path.partition("?")[0].replace("\\", "/").rstrip(".").split("/"))


def _segments(parts: list[str]) -> str:
    """Path segments with what varies replaced: digits, and what follows folders such as tmp and home."""
    return "/".join(
        ANY if index and parts[index - 1] in _HIDING and "." not in part and part else _segment(part)
        for index, part in enumerate(parts)
    )


def _segment(part: str) -> str:
    if not any(map(str.isdigit, part)):
        return part
    return re.sub(r"\*(?:[-_.:T]?\*)+", ANY, re.sub(r"[^\W_]*\d[^\W_]*", lambda found: _token(found[0]), part))


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
