"""Which kind of server an address is of: where no type says it, redis that is away is not PostgreSQL that is."""

import re

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
