"""Names in messages that tell causes apart though they are quoted.

A table, a constraint, a module or an attribute is named by the program, not by its data: `No module named 'yaml'` and
`No module named 'lxml'` are two causes. So is what a quoted exception, or a message under a key such as `error`, says.
"""

import re

_NOUN = (
    "constraint|relation|table|column|sequence|schema|trigger|function|procedure|extension|module(?: named)?"
    "|package|attribute|(?:keyword )?argument|(?:import|global) name|(?:environment )?variable|for key|(?:missing"
    "|required|array|unexpected|unknown) key|keyword|field|param(?:eter)?|option|setting|property|method|command"
    "|executable|program|binary|class|type|enum|macro|template|view|migration|plugin|provider|feature|capability"
    "|directive|header|arg|reading|identifier|symbol|undefined index|operator|result|reason|status|state|cause"
    "|bean|encoder|decoder|codec|muxer|demuxer|filter|scheme|dialect|engine|hook|handler|task|component"
    "|data source|annotation|invoke|reverse for|because|service"
)
# An identifier of one letter is a placeholder; `fields 'a', 'b'` is a list of values.
_OBJECT = re.compile(
    rf"""(?ix) \b ((?:{_NOUN.replace(" ", "[ ]")})(?:[ ](?:named|with[ ]name|called))?)
    (:?[ ] | s:?[ ](?=['"`][^'"`\n]{{1,64}}['"`](?![,\w]|[ ]and\b)))
    ['"`] ([a-z_][\w.$/-]{{1,80}}(?:\(\))?) ['"`] (?!\w)"""
)
_FOREIGN_OBJECT = re.compile(
    r"""(?ix) \b ((?:unique-|check-|foreign-key-|not-null-)?constraint|relation|tabelle|spalte|funktion|schema|colonne
    |table|contrainte|tabla|columna|restricci\u00f3n|relaci\u00f3n|tabella|colonna|vincolo|m\u00f3dulo|modul) ([ ])
    [\u00bb\u00ab\u201e\u201c][ ]?([^\W\d][\w.]{1,62})[ ]?[\u00ab\u00bb\u201c\u201d]"""
)
_BEFORE = re.compile(
    r"""(?x) (['"`]) ([A-Za-z_][\w.$-]{1,62}) \1
    (?= (?:[ ]is)?[ ](?:null\b|None\b|nil\b
        |not[ ](?:defined|set|installed|registered|implemented|supported|configured|a[ ]function|iterable
          |a[ ](?:valid|registered)[ ](?:option|field|command|type|choice|column)))
      | [ ](?:is[ ](?:required|missing|mandatory)|(?:cannot|can't|may[ ]not|must[ ]not)[ ]be[ ]
        (?:null|empty|blank|none|negative)
        |must[ ]be[ ](?:set|provided|specified|given)|member|decorator|flag)\b
      | [ ](?:object[ ](?:has|is|does|cannot)\b|field|column|attribute|property|parameter|argument|setting|option|header
        |module|package|command|table|extension)\b
      | :[ ](?:command[ ])?not\b )"""
)
_UNDEFINED = re.compile(r"""\bname (['"])([A-Za-z_]\w{0,62})\1 is not defined""")
# A program's word for what went wrong, in any quotes: `'insufficient_quota'`, "ResourceNotFoundException".
_FAULT = re.compile(
    r"""(?x) (['"`]) ([A-Za-z]\w{0,60}(?:[Ee]rror|[Ee]xception|[Ff]ault|[Ff]ailed|[Ff]ailure|[Dd]enied
    |[Ee]xceeded|[Ee]xpired|[Tt]imeout|[Uu]navailable|[Nn]ot_?[Ff]ound|_quota|_declined|[Ii]nvalid|[Uu]nauthorized|[Ff]orbidden|Violation|[Rr]efused
    |[Rr]ejected)) \1"""
)
# The way programs write names, and people seldom do theirs: snake_case, camelCase, Classes with their package, calls.
_CODE = re.compile(
    r"""(?x) (?<![\w='"`]) ['"`]
    ((?:[a-z]{2,30}(?:_[a-z]{2,30}){1,6} | [a-z]{2,30}(?:[A-Z][a-z]{1,30}){1,6}
      | (?:[a-z]\w{0,30}\.){1,6}[A-Z][A-Za-z]{1,60}(?:\.\w{1,60})?)(?:\(\))?)
    ['"`] (?![\w'"`])"""
)
# After these words such a name is somebody's all the same.
_OF_DATA = re.compile(
    r"""(?ix) (?: \b(?:users?|role|login|database|db|queue|topic|bucket|host|server|customer|tenant|account|value|entry
    |token|string|literal|input|file|path|directory|folder|repository|repo|branch|tag|image|container|pod|node|key|id|message|for|by
    |from|to|with|on|as|not|got|is|was|actor|member|owner|author|group|channel|index|collection|vhost|exchange|keyspace
    |cluster|site|domain|project|team|organi[sz]ation|name|connection|client|session|cache|secret|configmap|volume|namespace
    |environment):?[ ]?[(\[]? | [=:,][ ]? ) \Z"""
)
_NEAR = 24
# A sentence in the repr of an exception; keys and other single values stay quoted.
_SPOKEN = re.compile(
    r"""(\b(?!Key|Lookup)[A-Za-z_]\w{0,60}(?:Error|Exception|Exceeded|Warning|Timeout|Refused|Lost)\()"""
    r"""(?:'([^'\n]{1,400} [^'\n]{1,400})'|"([^"\n]{1,400} [^"\n]{1,400})")(?=,?\))"""
)
_MISSED = re.compile(
    r"""\b((?:Key|Lookup|Name|Attribute)Error|NotRegistered|UndefinedError)\((['"])([A-Za-z_][A-Za-z_.]{1,62})\2,?\)"""
)
# Beside a code, and under a key that says so, a quoted sentence is a message.
_CODED = re.compile(
    r"""(?x) ((?:\A|[\s\w])\(-?\d{1,6},[ ]?)
    b?(?:"([^"\n]{0,200}?[ ][^"\n]{1,600})"|'([^'\n]{0,200}?[ ][^'\n]{1,600})')(?=[,)])"""
)
_SAID = re.compile(
    r"""(?ix) (["']?\b(?:msg|message|err|error|errmsg|error_message|error_description|reason|cause|details?|description
    |str|desc|exc|exception|fault|faultstring|event|explanation|title)["']?[ ]?[=:][ ]?)
    (?:"((?:[^"\\\n]|\\.){2,600})"|'((?:[^'\\\n]|(?<=\w)'(?=\w)){2,600})')"""
)
_TYPED = re.compile(
    r"""(?ix) (["']?\b(?:type|kind|code_?name|reason|category|subtype|fault_?code|error_?type|status|result|state
    |outcome|issue)["']?(?:=|:[ ]?)) (["']) ([A-Za-z][A-Za-z_.]{2,60}) \2"""
)
# A message that is nothing but a name: a key that is missing, or the signature of a method.
_LONE = re.compile(r"""\A(['"])([A-Za-z_][A-Za-z_.]{1,62}|[\w.$<>\[\] ]{3,200}\([\w.$<>\[\], ]{0,200}\))\1\Z""")


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
    text = _CODE.sub(_of_program, text)
    return _FAULT.sub(r"\2", _BEFORE.sub(r"\2", _OBJECT.sub(r"\1\2\3", text)))


def _of_program(found: "re.Match[str]") -> str:
    start = found.start()
    return found[0] if _OF_DATA.search(found.string, max(0, start - _NEAR), start) else found[1]


def _unquoted(found: "re.Match[str]") -> str:
    return f"{found[1]}{found[2] or found[3]}"


def _said(found: "re.Match[str]") -> str:
    said = found[2] or found[3]
    return f"{found[1]}{said}" if " " in said.strip() else found[0]
