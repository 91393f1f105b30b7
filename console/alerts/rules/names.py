"""Names in messages that tell causes apart though they are quoted, or part of an address.

A table, a constraint, a module or an attribute is named by the program, not by its data: `No module named 'yaml'` and
`No module named 'lxml'` are two causes. So is what a quoted exception says, and which kind of server did not answer.
"""

import re

_NOUN = (
    "constraint|relation|table|column|sequence|schema|trigger|function|procedure|extension|module(?: named)?|package"
    "|attribute|keyword argument|argument|import name|global name|variable|for key|missing key|required key|array key"
    "|keyword|field|parameter|param|option|setting|property|method|command|executable|program|binary|class|type|enum|macro"
    "|template|view|migration|plugin|provider|feature|capability|directive|header|arg|reading|unexpected key|unknown key"
    "|identifier|symbol|undefined index|operator|unset|environment|result|reason|status|state|cause"
)
# An identifier of one letter is a placeholder; `fields 'a', 'b'` is a list of values.
_OBJECT = re.compile(
    rf"""(?i)\b({_NOUN})(:?[ ]|s:?[ ](?=['"`][^'"`\n]{{1,64}}['"`](?![,\w]|[ ]and\b)))(['"`])([a-z_][\w.$/-]{{1,80}})(?:\(\))?\3(?!\w)"""
)
_FOREIGN_OBJECT = re.compile(
    r"(?i)\b((?:unique|check|foreign-key|not-null)-constraint|constraint|relation|tabelle|spalte|funktion|schema|colonne|table"
    r"|contrainte|tabla|columna|restricci\u00f3n|relaci\u00f3n|tabella|colonna|vincolo|m\u00f3dulo|modul)([ ])"
    r"[\u00bb\u00ab\u201e\u201c][ ]?([^\W\d][\w.]{1,62})[ ]?[\u00ab\u00bb\u201c\u201d]"
)
_BEFORE = re.compile(
    r"""(['"`])([A-Za-z_][\w.$-]{1,62})\1(?=(?:\ is)?\ (?:not\ (?:defined|set|installed|registered|implemented
    |supported|configured|a\ (?:valid|registered)\ (?:option|field|command|type|choice|column)|a\ function|iterable))
    |\ (?:field|column|attribute|property|parameter|argument|setting|option|header|module|package|command|table|extension)\b
    |:\ not\ found\b|:\ command\ not)""".replace("\n    ", "")
)
_UNDEFINED = re.compile(r"""\bname (['"])([A-Za-z_]\w{0,62})\1 is not defined""")
# A program's word for what went wrong, in any quotes: `'insufficient_quota'`, "ResourceNotFoundException".
_FAULT = re.compile(
    r"""(['"`])([A-Za-z]\w{0,60}(?:[Ee]rror|[Ee]xception|[Ff]ault|[Ff]ailed|[Ff]ailure|[Dd]enied|[Ee]xceeded|[Ee]xpired|[Tt]imeout
    |[Uu]navailable|[Nn]ot_?[Ff]ound|_quota|_declined|[Ii]nvalid|[Uu]nauthorized|[Ff]orbidden|Violation|[Rr]efused|[Rr]ejected))\1""".replace(
        "\n    ", ""
    )
)
# A sentence in the repr of an exception; keys and other single values stay quoted.
_SPOKEN = re.compile(
    r"""(\b(?!Key|Lookup)[A-Za-z_]\w{0,60}(?:Error|Exception|Exceeded|Warning|Timeout|Refused|Lost)\()"""
    r"""(?:'([^'\n]{1,400} [^'\n]{1,400})'|"([^"\n]{1,400} [^"\n]{1,400})")(?=,?\))"""
)
_MISSED = re.compile(r"""\b((?:Key|Lookup|Name|Attribute)Error|NotRegistered|UndefinedError)\((['"])([A-Za-z_][A-Za-z_.]{1,62})\2,?\)""")
# Beside a code, and under a key that says so, a quoted sentence is a message.
_CODED = re.compile(r"""((?:\A|[\s\w])\(-?\d{1,6}, ?)b?(?:"([^"\n]{0,200}? [^"\n]{1,600})"|'([^'\n]{0,200}? [^'\n]{1,600})')(?=[,)])""")
_SAID = re.compile(
    r"""(?i)(["']?\b(?:msg|message|err|error|errmsg|error_message|error_description|reason|cause|detail|details|description|str|desc|exc
    |exception|fault|faultstring|event|explanation|title)["']?[ ]?[=:][ ]?)(?:"((?:[^"\\\n]|\\.){2,600})"|'((?:[^'\\\n]|(?<=\w)'(?=\w)){2,600})')""".replace(
        "\n    ", ""
    )
)
_TYPED = re.compile(
    r"""(?i)(["']?\b(?:type|kind|code_?name|reason|category|subtype|fault_?code|error_?type|status|result|state|outcome|issue)["']?(?:=|:[ ]?))"""
    r"""(["'])([A-Za-z][A-Za-z_.]{2,60})\2"""
)
_LONE = re.compile(r"""\A(['"])([A-Za-z_][A-Za-z_.]{1,62}|[\w.$<>\[\] ]{3,200}\([\w.$<>\[\], ]{0,200}\))\1\Z""")

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
    """`text` with the quotes around names of program and schema, and around sentences, gone, so that they stay."""
    if "\u00bb" in text or "\u00ab" in text or "\u201e" in text or "\u201c" in text:
        text = _FOREIGN_OBJECT.sub(r"\1\2\3", text)
    if "'" not in text and '"' not in text and "`" not in text:
        return text
    if "('" in text or '("' in text:
        text = _SPOKEN.sub(_unquoted, _MISSED.sub(r"\1(\3)", text))
    if "(" in text:
        text = _CODED.sub(_unquoted, text)
    if "=" in text or ":" in text:
        text = _TYPED.sub(r"\1\3", _SAID.sub(_said, text))
    text = _UNDEFINED.sub(r"name \2 is not defined", _LONE.sub(r"\2", text))
    return _FAULT.sub(r"\2", _BEFORE.sub(r"\2", _OBJECT.sub(r"\1\2\4", text)))


def _unquoted(found: "re.Match[str]") -> str:
    return f"{found[1]}{found[2] or found[3]}"


def _said(found: "re.Match[str]") -> str:
    said = found[2] or found[3]
    return f"{found[1]}{said}" if " " in said.strip() else found[0]


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
