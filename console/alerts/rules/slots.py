"""Names in messages that are data because of the word before them: `user bob`, `host web-a`, `tenant=acme`.

Whoever wrote the message put a name there. What kind of thing it is stays, which one it is goes. A word of plain language after such
a word (`user input`, `host key`) is no name; nor is what tells causes apart (`reason=timeout`).
"""

import re
from collections.abc import Callable

from console.alerts.rules.language import is_plain
from console.alerts.rules.tokens import is_random

# Which machine, process or person: a name in any form, unless it is a word of plain language.
_WHO = "user|username|login|account|tenant|customer|employee|member|principal|host|hostname|node"
# Numbered or hyphenated names only: these words are often followed by others.
_WHICH = (
    "pod|container|runner|worker|broker|server|instance|machine|vm|peer|replica|backend|upstream|agent|executor|shard"
    "|partition|partition of|session|client|device|disk|volume|interface|cluster|nodegroup|droplet|unit|job|build|sandbox"
    "|group|consumer|bucket|namespace|certificate|cert|domain|realm|zone|site|mailbox|message|request|token|transaction|release"
)
_STRUCTURED = r"(?=[A-Za-z]*[-_.\d@])[\w@][\w.@-]{0,80}+"
_PLACE = re.compile(
    rf"""(?ix)
    \b(?P<who>(?:{_WHO})s?(?:[ ](?:named|called|name))?:?[ ])(?P<name>(?![\d*]|[a-z]{{2}}\d\d[ ]\w{{4}})[\w][\w.@\\-]{{0,80}}+)(?![\w(='"*/]|:\d)
  | \b(?P<which>(?:{_WHICH})(?:[ ](?:named|called|name))?:?[ ]\(?)(?P<struct>{_STRUCTURED})(?![\w='"*/]|:\d)
  | \b(?P<net>(?:resolve(?:[ ]host(?:[ ]?name)?)?:?|translate[ ]host[ ]name|ENOTFOUND|EAI_AGAIN|lookup|connect[ ]to[ ]host
      |ssh:[ ]connect[ ]to[ ]host|verification[ ]failed[ ]for|ping(?:ing)?|reach(?:ing)?|query[ ]for|dns[ ]name
      |(?:password|authentication)[ ]for(?:[ ](?:invalid[ ])?user)?)[ ])
      (?P<target>(?![\d*])[\w][\w.@-]{{0,250}}+)(?![\w(='"*/]|:\d)
  | \b(?P<at>(?:on|from|at|via)[ ])(?P<numbered>[a-z]{{1,30}}(?:-[a-z]{{1,30}}){{0,4}}-\d{{1,5}}(?:\.[\w-]{{1,63}}){{0,8}})(?![\w(='"*/.-]|:\d)
  | \b(?P<to>(?:connect(?:ing|ion|ed)?[ ](?:to|with|from)|dial(?:ing)?|from|host|server)[ ])(?P<port>[A-Za-z][\w.-]{{0,250}})
      (?=,?[ ]port\b)
    """
)
_FIRST = re.compile(
    r"(?i)\b(?:user|login|account|tenant|customer|employee|member|principal|host|node|pod|container|runner|worker|broker"
    r"|server|instance|machine|vm|peer|replica|backend|upstream|agent|executor|shard|partition|session|client|device|disk"
    r"|volume|interface|cluster|droplet|unit|job|build|sandbox|group|consumer|bucket|namespace|cert|domain|realm|zone|site"
    r"|mailbox|message|request|token|transaction|release|resolve|enotfound|eai_again|lookup|verification|ping|reach|query|dns|password"
    r"|authentication|connect|dial|from)|\b(?:on|at|via) [a-z-]+-\d"
)
# Plain language that follows such words; verbs in -ed and -ing are told by their ending.
_PERSON = re.compile(r"(?i)(?!host|node)(?:" + _WHO + r"|password|authentication)")
_NO_HOST = frozenset("the a an this that host hostname name address server servers for of to is was in failure error timeout user users by".split())
# key=value where the value says which one, never why.
_DATA_KEYS = frozenset(
    "id uuid guid user username login name host hostname node server client peer remote addr address ip port tenant org"
    " organization organisation customer account member email mail to from recipient sender session request trace span job"
    " worker pid tid thread process pod container instance machine vm shard partition offset topic queue bucket namespace"
    " ns region zone az dc datacenter cluster rack path file filename dir directory uri url referer referrer ts time"
    " timestamp at date day duration elapsed took latency age ttl size bytes len length count n total attempt attempts try"
    " retry retries seq sequence line lineno caller source src dst ref sha commit rev revision version build release token"
    " hash digest etag checksum device dev disk mount tag run batch row rows rank index idx ip_address user_agent agent"
    " locale lang language country currency amount price value val sku product order invoice payment charge subscription"
    " plan store shop site domain dn uid gid cn ou goroutine correlation txn transaction arn"
    .split()
)
_PAIR = re.compile(r"""(?<![\w.'"*])([A-Za-z_][\w.-]{0,40})=(?![=*\s'"\[({<>])([^\s,;&)\]}"'|<>]{1,400})""")
_NAMED_ID = re.compile(
    r"""(?i)\b((?:[a-z]{1,20}[ _-]?)?(?:request|trace|span|session|correlation|transaction|message|event|host|debug|job|task
    |order|account|customer|user|client|tenant|instance|operation|error|log|charge|payment|object|resource|delivery)[ _-]?id
    |guid|uuid|reqid|sid|xid)(["']?(?:[ ]?[:=][ ]?|[ ]))["']?(?=[^\s"',;)\]}]*[\d_-])([^\s"',;)\]}]{2,200})["']?""".replace(
        "\n    ", ""
    )
)
# nginx, Apache, HAProxy and others: `, client: 1.2.3.4, server: _, request: …`.
_ASIDE = re.compile(r"(?<=[,;(] )((?:client|server|host|upstream|referrer|peer|remote|vhost|backend|user|ip): )[^\s,;)]{1,300}(?=[,;)]|\Z)")


def without_names(text: str, host: Callable[[str], str]) -> str:
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
    last = re.split(r"[_.-]", key)[-1]
    return f"{found[1]}=*" if key in _DATA_KEYS or last in _DATA_KEYS else found[0]


def _placed(found: "re.Match[str]", host: Callable[[str], str]) -> str:
    for before, name in (("who", "name"), ("which", "struct"), ("net", "target"), ("to", "port"), ("at", "numbered")):
        if found[before] is not None:
            word: str = found[name]
            bare = word.rstrip(".:")
            if (name == "target" and bare.lower() not in _NO_HOST and not bare.endswith("ed")) or name == "numbered":
                pass
            elif is_plain(bare) or (name == "struct" and _compound(bare)) or (name == "name" and _unclear(found, bare)):
                return found[0]
            remains = "*" if _PERSON.match(found[before]) else host(bare)
            return f"{found[before]}{remains}{word[len(bare) :]}"
    return found[0]


_NAMING = re.compile(r"(?i)(?:\b(?:for|by|as|of|to|on|from|at|with|via|invalid|unknown|no such|named|called)|[(:,]) ?\Z")
_NAMED = re.compile(
    r"(?i)(?:[ ](?:is|was|has|had|does|did|not|cannot|could|can|no|may|must|will|would|exceeded|already|from|on|at|lost|left|went"
    r"|does\S*)\b|'s\b|,)"
)


def _unclear(found: "re.Match[str]", word: str) -> bool:
    """Whether a word of letters only stands where `user conflict` could, with nothing around it that makes it a name."""
    if not (word.isalpha() and word.islower()) or found["who"].rstrip().endswith(("name", "named", "called", ":")):
        return False
    return not (_NAMED.match(found.string, found.end()) or _NAMING.search(found.string, 0, found.start()))


def _compound(word: str) -> bool:
    """Two words of plain language joined (`read-only`), or a dotted name of a program (`shop.tasks.mail`)."""
    if any(map(str.isdigit, word)):
        return False
    if is_random(word.rpartition("_")[2]):
        return False
    return "-" not in word or all(is_plain(part) for part in word.split("-"))
