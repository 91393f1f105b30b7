"""Names in messages that tell causes apart though they are quoted, or part of an address.

A table, a constraint, a module or an attribute is named by the program, not by its data: `No module named 'yaml'` and
`No module named 'lxml'` are two causes. So is what a quoted exception says, and which kind of server did not answer.
"""

import re

_NOUN = (
    "constraint|relation|table|column|sequence|schema|trigger|function|procedure|extension|module(?: named)?|package"
    "|attribute|keyword argument|import name|global name|variable|for key"
)
_OBJECT = re.compile(rf"""(?i)\b({_NOUN})(s?:?[ ])(['"`])([a-z_][\w.$-]{{0,62}})\3(?!\w)""")
_UNDEFINED = re.compile(r"""\bname (['"])([A-Za-z_]\w{0,62})\1 is not defined""")
# A sentence in the repr of an exception; keys and other single values stay quoted.
_SPOKEN = re.compile(
    r"""(\b(?!Key|Lookup)[A-Za-z_]\w{0,60}(?:Error|Exception|Exceeded|Warning|Timeout|Refused|Lost)\()"""
    r"""(?:'([^'\n]{1,400} [^'\n]{1,400})'|"([^"\n]{1,400} [^"\n]{1,400})")(?=,?\))"""
)

_PORTS = {
    "5432": "postgresql",
    "3306": "mysql",
    "6379": "redis",
    "27017": "mongo",
    "5672": "rabbitmq",
    "9092": "kafka",
    "9200": "elasticsearch",
    "11211": "memcached",
    "1521": "oracle",
    "1433": "mssql",
}
_PRODUCTS = {name: name for name in _PORTS.values()} | {
    "postgres": "postgresql",
    "pg": "postgresql",
    "mariadb": "mysql",
    "mongodb": "mongo",
    "rabbit": "rabbitmq",
    "amqp": "rabbitmq",
    "elastic": "elasticsearch",
    "memcache": "memcached",
}
_WORD = re.compile(r"[A-Za-z]+")
_ROLES = "|".join(sorted(set(_PRODUCTS.values())))
_TWICE = re.compile(rf"\b((?:{_ROLES}) \*)(?:\s*(?:,|;|and|or)?\s*\1)+")


def with_names(text: str) -> str:
    """`text` with the quotes around names of program and schema gone, so that they stay."""
    if "('" in text or '("' in text:
        text = _SPOKEN.sub(lambda found: found[1] + (found[2] or found[3]), text)
    if "'" in text or '"' in text or "`" in text:
        text = _UNDEFINED.sub(r"name \2 is not defined", _OBJECT.sub(r"\1\2\4", text))
    return text


def server(address: str) -> str:
    """What remains of a server's address: the kind of server, if its port or its name says it, and `*`."""
    host, _, port = address.rpartition(":")
    kind = _PORTS.get(port) if host else None
    if not kind:
        kind = next((_PRODUCTS[word] for word in _WORD.findall(address.lower()) if word in _PRODUCTS), None)
    return f"{kind} *" if kind else "*"


def one_server(text: str) -> str:
    """A list of servers of one kind counts once."""
    return _TWICE.sub(r"\1", text) if text.count(" *") > 1 else text
