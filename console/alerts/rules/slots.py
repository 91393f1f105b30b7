"""Names in messages that are data because of the word before them: `user bob`, `host web-a`, `tenant=acme`.

Whoever wrote the message put a name there. What kind of thing it is stays, which one it is goes. A word of plain
language after such a word (`user input`, `host key`) is no name; nor is what tells causes apart (`reason=timeout`).
"""

import re
from collections.abc import Callable

from console.alerts.rules.language import DATA_KEYS, NO_HOST, is_plain
from console.alerts.rules.tokens import is_random

Host = Callable[[str], str]

# A name in any form may follow, unless it is a word of plain language.
_PEOPLE = "user|username|login|account|tenant|customer|employee|member|principal"
_HOSTS = "host|hostname|node"
# A name with a digit or a hyphen in it.
_MACHINES = (
    "pod|container|runner|worker|broker|server|instance|machine|vm|peer|replica|backend|upstream|agent|executor|sandbox"
    "|bucket|namespace|cluster|domain|droplet|device|disk|session|client|consumer"
)
# A name with a digit in it: a job, a message or an order bears a name of the program as often.
_THINGS = (
    "shard|partition|partition of|volume|interface|nodegroup|unit|job|build|parcel|shipment|order|invoice|ticket"
    "|contract|vehicle|product|article|item|record|document|store|branch|shop|till|terminal|printer|sensor|camera|meter|batch|label"
    "|case|group|certificate|cert|realm|zone|site|mailbox|message|request|token|transaction|release"
)
_CALLED = r"(?:[ ](?:named|called|name))?:?[ ]"
_NAME = r"(?![\d*]|[a-z]{2}\d\d[ ]\w{4})\w[\w.@\\-]{0,80}+"  # an IBAN is none
_STRUCTURED = r"(?=[A-Za-z]*[-_.\d@])[\w@][\w.@-]{0,80}+"
_END = r"(?![\w='\"*/]|:\d)"
_PLACE = re.compile(
    rf"""(?ix)
    \b(?P<who>(?:{_PEOPLE}|{_HOSTS})s?{_CALLED})(?P<name>{_NAME}){_END}(?!\()
  | \b(?P<which>(?:{_MACHINES}|{_THINGS.replace(" ", "[ ]")}){_CALLED}\(?)(?P<structured>{_STRUCTURED}){_END}
  | \b(?P<net>(?:resolve(?:[ ]host(?:[ ]?name)?)?:?|translate[ ]host[ ]name|ENOTFOUND|EAI_AGAIN|lookup
      |connect[ ]to[ ]host|verification[ ]failed[ ]for|ping(?:ing)?|reach(?:ing)?|query[ ]for|dns[ ]name
      |(?:password|authentication)[ ]for(?:[ ](?:invalid[ ])?user)?)[ ])
      (?P<target>(?![\d*])\w[\w.@-]{{0,250}}+){_END}(?!\()
  | \b(?P<at>(?:on|from|at|via)[ ])
      (?P<numbered>[a-z]{{1,30}}(?:-[a-z]{{1,30}}){{0,4}}-\d{{1,5}}(?:\.[\w-]{{1,63}}){{0,8}}){_END}(?![(.-])
  | \b(?P<to>(?:connect(?:ing|ion|ed)?[ ](?:to|with|from)|dial(?:ing)?|from|host|server)[ ])
      (?P<port>[A-Za-z][\w.-]{{0,250}})(?=,?[ ]port\b)
    """
)
_KINDS = (("who", "name"), ("which", "structured"), ("net", "target"), ("to", "port"), ("at", "numbered"))
_FIRST = re.compile(
    rf"(?i)\b(?:{_PEOPLE}|{_HOSTS}|{_MACHINES}|{_THINGS}|resolve|translate|enotfound|eai_again|lookup|verification|ping|reach"
    r"|query|dns|password|authentication|connect|dial|from)|\b(?:on|at|via) [a-z-]+-\d"
)
_PERSON = re.compile(rf"(?i)(?:{_PEOPLE}|password|authentication)")
_MACHINE = re.compile(rf"(?i)(?:{_MACHINES})")
# What makes a plain word after `user` a name: `for user bob`, `user bob has`.
_NAMING = re.compile(
    r"(?i)(?:\b(?:for|by|as|of|to|on|from|at|with|via|invalid|unknown|no such|named|called)|[(:,]) ?\Z"
)
_NAMED = re.compile(
    r"(?i)[ ](?:is|was|has|had|does|did|not|cannot|could|can|no|may|must|will|would|exceeded|already|from|on|at"
    r"|lost|left|went|does\S*)\b|'s\b|,"
)
_NEAR = 24

_PAIR = re.compile(r"""(?<![\w.'"*])([A-Za-z_][\w.-]{0,40})=(?![=*\s'"\[({<>])([^\s,;&)\]}"'|<>]{1,400})""")
_NAMED_ID = re.compile(
    r"""(?ix) \b ((?:[a-z]{1,20}[ _-]?)?
      (?:request|trace|span|session|correlation|transaction|message|event|host|debug|job|task|order|account|customer|user
      |client|tenant|instance|operation|error|log|charge|payment|object|resource|delivery)[ _-]?id
      |guid|uuid|reqid|sid|xid)
    (["']?(?:[ ]?[:=][ ]?|[ ])) ["']?(?=[^\s"',;)\]}]{0,200}[\d_-])[^\s"',;)\]}]{2,200}["']?"""
)
# nginx, Apache, HAProxy and others: `, client: 1.2.3.4, server: _, request: …`.
_ASIDE = re.compile(
    r"(?<=[,;(] )((?:client|server|host|upstream|referrer|peer|remote|vhost|backend|user|ip): )"
    r"[^\s,;)]{1,300}(?=[,;)]|\Z)"
)


def without_names(text: str, host: Host) -> str:
    """`text` with names in the places of names replaced by `*`; `host` says what remains of a machine's."""
    if "=" in text:
        text = _PAIR.sub(_pair, text)
    if ": " in text:
        text = _ASIDE.sub(r"\1*", text)
    if "id" in text or "Id" in text or "ID" in text:
        text = _NAMED_ID.sub(r"\1\2*", text)
    if _FIRST.search(text):
        text = _PLACE.sub(lambda found: _placed(found, host), text)
    return text


def _pair(found: "re.Match[str]") -> str:
    key = found[1].lower()
    return f"{found[1]}=*" if key in DATA_KEYS or re.split(r"[_.-]", key)[-1] in DATA_KEYS else found[0]


def _placed(found: "re.Match[str]", host: Host) -> str:
    before, kind = next(pair for pair in _KINDS if found[pair[0]] is not None)
    word: str = found[kind]
    name = word.rstrip(".:")
    if not _is_name(kind, name, found):
        return found[0]
    return f"{found[before]}{'*' if _PERSON.match(found[before]) else host(name)}{word[len(name) :]}"


def _is_name(kind: str, word: str, found: "re.Match[str]") -> bool:
    if kind == "target":
        return word.lower() not in NO_HOST and not word.endswith("ed")
    if kind == "numbered":
        return True
    if is_plain(word):
        return False
    if kind == "structured":
        return any(map(str.isdigit, word)) or _is_token(found["which"], word)
    return kind == "port" or _is_clear(word, found)


def _is_token(kind: str, word: str) -> bool:
    """Whether a word without digits is not a program's (`shop.tasks.mail`, `sync-orders`), nor plain (`read-only`)."""
    if is_random(word.rpartition("_")[2]):
        return True
    return bool(_MACHINE.match(kind)) and "-" in word and not all(map(is_plain, word.split("-")))


def _is_clear(word: str, found: "re.Match[str]") -> bool:
    """Whether a word is written like a name, or stands where `user conflict` could not."""
    if not (word.isalpha() and word.islower()) or found["who"].rstrip().endswith(("name", "named", "called", ":")):
        return True
    text, start = found.string, found.start()
    return bool(_NAMED.match(text, found.end()) or _NAMING.search(text, max(0, start - _NEAR), start))
