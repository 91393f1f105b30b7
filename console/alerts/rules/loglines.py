"""What a logger wrote before and into a message: the instant, the process, the level, the thread.

The same failure is logged in one style by a worker and in another by the service around it; none of it is its cause.
"""

import re

_LEVEL = r"(?i:trace|debug|info|notice|warn(?:ing)?|err(?:or)?|severe|crit(?:ical)?|fatal|alert|emerg|panic)\b"
_LOUD = r"(?:TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERR(?:OR)?|SEVERE|CRIT(?:ICAL)?|FATAL|PANIC|ALERT|EMERG|LOG)"
# Names that threading, multiprocessing, billiard and concurrent.futures number by themselves.
_THREAD = re.compile(
    r"\b(?:MainThread|MainProcess|asyncio_\d+"
    r"|(?:Thread|Dummy|Process|ThreadPoolExecutor|(?:Fork|Spawn|ForkServer)?(?:PoolWorker|Process))-\d+(?:[_:]\d+)*)"
    r"(?: \(\w{1,60}\))?(?![\w-])"
)
_COLOUR = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
# The program that logs says little beside a sentence; beside a word or two (`gone`) it is all there is, and of a crash
# it is the victim.
_SENTENCE = r"(?!segfault|general[ ]protection|trap[ ])(?=(?:[^\s]{1,200}\s+){3})"
_PROGRAM = r"[A-Za-z][\w./-]{0,48}"
_DAEMON = (
    r"(?:kernel|systemd(?:-\w+)?|dockerd|containerd|kubelet|sshd|cron|CRON|crond|postgres|mysqld|mariadbd|nginx|haproxy"
    r"|redis-server|dovecot|named|chronyd|ntpd|slapd|rsyslogd|postfix/\w+|smartd)"
)


def prefix_pattern(instant: str) -> "re.Pattern[str]":
    """A verbose pattern of what loggers put first, given the (verbose) pattern of an instant.

    The formats of Python, Celery, gunicorn, uWSGI, log4j, Spring, klog, Go, Rust, nginx, PostgreSQL, Docker Compose,
    the kernel and syslog (RFC 3164 and 5424). A message that is nothing else stays.
    """
    return re.compile(
        rf"""(?x)\A(?:
            <\d{{1,3}}>(?:1[ ](?>{instant})[ ][\w.-]{{1,255}}[ ][\w./-]{{1,48}}[ ](?:\d+|-)[ ][\w-]{{1,32}}[ ]
              (?:-|\[[^\]\n]{{0,500}}\])[ ])?
          | [\[(]?(?>{instant})(?:(?::[ ]|[ ]{{1,2}}){_LEVEL}(?=[/\]])(?:/[\w-]{{1,60}})?)?[\])]?[ ,:|-]{{0,3}}
          | \[[ ]{{0,12}}\d{{1,9}}\.\d{{3,9}}\][ ]
          | [IWEF]\d{{4}}[ ]\d\d:\d\d:\d\d\.\d{{1,9}}[ ]{{1,9}}\d{{1,9}}[ ][\w.-]{{1,80}}:\d{{1,6}}\][ ]
          | (?<=[ ])\[\d{{1,7}}(?:-\d{{1,5}})?\]:?[ ](?=\[?{_LEVEL}|\w{{1,63}}@\w)
          | (?<=[ ])[\w-]{{1,63}}@[\w-]{{1,63}}[ ](?={_LOUD}:)
          | (?<=[ ])\d{{1,8}}\#\d{{1,8}}:[ ](?:\*\d{{1,12}}[ ])?
          | (?<=[ ])[\w.-]{{1,64}}+[ ](?=[\w./-]{{1,48}}\[\d{{1,7}}\]:[ ]|{_DAEMON}:[ ])
          | (?:{_PROGRAM}\[\d{{1,7}}\]|{_DAEMON}):[ ]{{1,2}}{_SENTENCE}
          | \[{_LEVEL}\]:?[ ]
          | {_LOUD}:[A-Za-z_][\w.]{{0,80}}:(?=[^\s:])
          | (?:{_LEVEL}:|LOG:)[ ]{{1,4}}(?=[^\W\d])
          | (?<=[ ])(?:{_LOUD}[ ]{{1,8}})?(?:\d{{1,8}}[ ]---[ ])?\[[^\]\n]{{1,80}}\][ ]{{1,8}}(?:{_LOUD}[ ]{{1,8}})?
              [\w.$/\[\]]{{1,120}}[ ]{{0,40}}[:-][ ]
          | (?<=[ ])[\w.-]{{1,80}}[ ]-[ ]{_LOUD}[ ]-[ ]
          | (?<=[ ])(?:{_LOUD}[ ]{{0,8}}\|[ ])[\w.]{{1,80}}:[\w<>]{{1,80}}:\d{{1,6}}[ ]-[ ]
          | (?<=[ ]){_LOUD}[ ]{{1,8}}
              (?:\[?[a-z_]\w{{0,60}}(?:(?:\.|::)\w{{1,60}}){{1,9}}(?::\d{{1,6}})?[\]:]{{0,2}}[ ])?(?=\S)
          | (?<=[ ])[\w./-]{{1,80}}\.(?:go|py|rs|c|cc|cpp|js|ts|rb|java):\d{{1,6}}:?[ ]
          | [A-Za-z][\w.-]{{0,60}}\d[ ]{{1,30}}\|[ ]
          | \[(?=[\w-]{{0,60}}\d|[\w-]{{1,60}}\.[\w-]{{1,60}}\.)[A-Za-z][\w.-]{{1,80}}\]:?[ ]{{1,2}}(?=[A-Za-z])
          | \[(?=[0-9a-f-]{{0,40}}\d)[0-9a-f-]{{8,40}}\][ ]{{1,2}}(?=\S)
          | \[(?:(?:[\w.]{{1,30}}[_-])?
              (?:id|user|tenant|host|ip|session|request|trace|job|worker)=[^\]\s]{{1,80}}[ ,]{{0,2}}){{1,6}}\][ ]
        ){{1,9}}[ ]{{0,4}}(?=\S)"""
    )


def without_prefix(text: str, logged: "re.Pattern[str]") -> str:
    """`text` without colours and without what a logger put before it (`prefix_pattern`)."""
    if "\x1b" in text:
        text = _COLOUR.sub("", text)
    for _ in range(4):
        found = logged.match(text)
        if not found:
            break
        text = text[found.end() :]
    return text


def without_threads(text: str) -> str:
    """`text` with the names of threads and worker processes replaced by `*`."""
    if "Thread" in text or "Process" in text or "PoolWorker" in text or "asyncio_" in text:
        return _THREAD.sub("*", text)
    return text
