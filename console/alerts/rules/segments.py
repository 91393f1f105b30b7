"""Words, paths and URLs with their variable parts replaced."""

import re

from console.alerts.rules.tokens import DATA_FILE

ANY = "*"
_HEX_LIKE = re.compile(r"[0-9a-fA-F]{6,}")
_NUMBERED = re.compile(r"[^\W\d_]+\d+")


def of_token(word: str) -> str:
    """A word with digits: `order123` is `order*`; identifiers, hashes and ordinals are `*`."""
    # Numbers of parcels and accounts begin with letters, too.
    letters = word.rstrip("0123456789")
    if len(letters) < 5 and not (letters.islower() or letters.isupper() or letters.istitle()):  # noqa: PLR2004
        return ANY
    if not _NUMBERED.fullmatch(word) or _HEX_LIKE.fullmatch(word) or len(word) > 20:  # noqa: PLR2004 - no word so long
        return ANY
    return f"{word.rstrip('0123456789')}{ANY}"


# Tokens of mixed letters and digits, as `Xy12_ab-CD`, but not `Report-2024`.
_URL_TOKEN = re.compile(r"(?=[^\d]*\d)(?=[^a-z]*[a-z])(?=[^A-Z]*[A-Z])(?![A-Za-z_-]+\d+\Z)[\w-]{8,}:?")


def of_url(url: str) -> str:
    """Scheme and the fixed parts of the path; the host, who asks and the query vary."""
    scheme, _, rest = url.partition("://")
    path = re.split(r"[?#]", rest, maxsplit=1)[0].partition("/")[2]
    return f"{scheme}://{ANY}/{_segments([_opaque(part) for part in path.split('/')])}".rstrip("/.")


def _opaque(part: str) -> str:
    return ANY if _URL_TOKEN.fullmatch(part) else part


_HIDING = frozenset({"tmp", "temp", "home", "Users", "releases", "folders", "pods", "containers", "T", "run"})


_DATA_FILE = re.compile(rf"(?i)[^/]*\.(?:{DATA_FILE})")


def of_path(path: str) -> str:
    """A path with what varies replaced; a file of data lies anywhere and has any name."""
    if _DATA_FILE.fullmatch(path.rpartition("/")[2]):
        return ANY
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
    return re.sub(r"\*(?:[-_.:T]?\*)+", ANY, re.sub(r"[^\W_]*\d[^\W_]*", lambda found: of_token(found[0]), part))
