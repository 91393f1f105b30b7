"""Regular expressions that people write: RE2 reads any text in linear time and knows no expression that explodes.

The standard library's engine would let one line of input hold a thread for years. RE2 leaves out what cannot be read
so (look-around, back-references) and says so.
"""

from functools import lru_cache
from typing import Any, Final

import re2

# Bytes that one expression may take; the engine refuses what would need more.
MEMORY: Final = 1 << 20


def fits(expression: str, text: str) -> bool:
    """Whether the whole text fits; raises ValueError for what is no expression."""
    return _compiled(expression).fullmatch(text) is not None


def fault(expression: str) -> str | None:
    """What is wrong with an expression, as a sentence, or None."""
    try:
        _compiled(expression)
    except ValueError as error:
        return str(error)
    return None


@lru_cache(maxsize=1_000)
def _compiled(expression: str) -> Any:
    options = re2.Options()
    options.log_errors, options.max_mem, options.dot_nl = False, MEMORY, True
    try:
        return re2.compile(expression, options)
    except re2.error as error:
        said = error.args[0] if error.args else ""
        told = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
        raise ValueError(f"This is no regular expression of RE2: {told}.") from error
    except UnicodeEncodeError as error:
        raise ValueError("This holds half of a character.") from error
