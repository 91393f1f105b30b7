"""Lists of values made one value, and what is said twice said once."""

import re

ANY = "*"

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

# A server by name and by address, a counter and its total, an empty list beside a full one.
_BESIDE = re.compile(r"(?<!\w)\* ?\((?:[\w.]{1,60}[-.])?\*\)")
_STARS = re.compile(r"(?<![\w*])\*(?: ?\*)+(?![\w*])")
_OF = re.compile(r"(?<![\w*])\*(?: out)? of \*(?![\w*])")
_EMPTY = re.compile(r"(?<=[=:] )(?:\[\]|\{\})|(?<==)(?:\[\]|\{\})")
_REPRS = re.compile(r"\[(?:\w{1,60}\([^()\[\]]{0,1000}\)(?:, )?){1,50}\]")


def without_lists(text: str) -> str:
    """`text` with lists of values, and values said twice, made one `*`."""
    if "[]" in text or "{}" in text:
        text = _EMPTY.sub(ANY, text)
    if ANY not in text:
        return text
    if "**" in text:
        text = _STARS.sub(ANY, text)
    if ")]" in text:
        text = _REPRS.sub(ANY, text)
    if "* of *" in text or "out of" in text:
        text = _OF.sub(ANY, text)
    for _ in range(_ROUNDS):
        shorter = _LIST.sub(ANY, text)
        if "_*" in shorter or "-*" in shorter:
            shorter = _PREFIXED.sub(r"\1", shorter)
        shorter = _BESIDE.sub(ANY, shorter) if "*)" in shorter else shorter
        shorter = _NESTED.sub(r"\1*\2", _GROUPS.sub(r"\1", shorter))
        shorter = _AGAIN.sub(r"\1", shorter)
        shorter = _ECHO.sub(r"\1", shorter) if shorter.count(ANY) >= _ECHOES else shorter
        if shorter == text:
            break
        text = shorter
    return _POSITION.sub(r"\1 in position", text)
