"""What a logger wrote before and into a message: the instant, the process, the level, the thread.

The same failure is logged in one style by a worker and in another by the service around it; none of it is its cause.
"""

import re

_LEVEL = r"(?i:trace|debug|info|notice|warn(?:ing)?|err(?:or)?|severe|crit(?:ical)?|fatal|alert|emerg)\b"
# Names that threading, multiprocessing, billiard and concurrent.futures number by themselves.
_THREAD = re.compile(
    r"\b(?:MainThread|MainProcess|asyncio_\d+"
    r"|(?:Thread|Dummy|Process|ThreadPoolExecutor|(?:Fork|Spawn|ForkServer)?(?:PoolWorker|Process))-\d+(?:[_:]\d+)*)"
    r"(?: \(\w{1,60}\))?(?![\w-])"
)


def prefix_pattern(instant: str) -> "re.Pattern[str]":
    """A verbose pattern of what loggers put first, given the (verbose) pattern of an instant.

    `[2024-06-11 09:12:44,123: ERROR/MainProcess]`, `2024-06-11 12:00:01 UTC [8812]`, `[2024-…] [7] [ERROR]`, `[ERROR]`.
    A message that is nothing else stays. Of a syslog line the host goes, and the program stays.
    """
    return re.compile(
        rf"""(?x)\A(?:
            [\[(]?(?>{instant})(?::[ ]{_LEVEL}(?:/[\w-]{{1,60}})?)?[\])]?[ ,:|-]{{0,3}}
          | (?<=[ ])\[\d{{1,7}}\]:?[ ](?=\[?{_LEVEL})
          | (?<=[ ])[\w.-]{{1,64}}+[ ](?=[\w./-]{{1,48}}\[\d{{1,7}}\]:[ ])
          | \[{_LEVEL}\]:?[ ]
        ){{1,4}}[ ]*(?=\S)"""
    )


def without_prefix(text: str, logged: "re.Pattern[str]") -> str:
    """`text` without what a logger put before it (`prefix_pattern`)."""
    if text[:1].isalpha() and not text[:3].istitle():  # neither a bracket, nor a digit, nor a day or month
        return text
    found = logged.match(text)
    return text[found.end() :] if found else text


def without_threads(text: str) -> str:
    """`text` with the names of threads and worker processes replaced by `*`."""
    if "Thread" in text or "Process" in text or "PoolWorker" in text or "asyncio_" in text:
        return _THREAD.sub("*", text)
    return text
