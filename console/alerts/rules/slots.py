"""Names in messages that are data because of the word before them: `user bob`, `host web-a`, `tenant=acme`.

Whoever wrote the message put a name there. What kind of thing it is stays, which one it is goes. A word of plain language after such
a word (`user input`, `host key`) is no name; nor is what tells causes apart (`reason=timeout`).
"""

import re
from collections.abc import Callable

# Which machine, process or person: a name in any form, unless it is a word of plain language.
_WHO = "user|username|login|account|tenant|customer|employee|member|principal|host|hostname|node"
# Numbered or hyphenated names only: these words are often followed by others.
_WHICH = (
    "pod|container|runner|worker|broker|server|instance|machine|vm|peer|replica|backend|upstream|agent|executor|shard"
    "|partition|partition of|session|client|device|disk|volume|interface|cluster|nodegroup|droplet|unit|job|build|sandbox"
    "|group|consumer|bucket|namespace|certificate|cert|domain|realm|zone|site|mailbox|message|request|token|transaction"
)
_STRUCTURED = r"(?=[A-Za-z]*[-_.\d@])[\w@][\w.@-]{0,80}+"
_PLACE = re.compile(
    rf"""(?ix)
    \b(?P<who>(?:{_WHO})s?(?:[ ](?:named|called|name))?:?[ ])(?P<name>(?![\d*])[\w][\w.@\\-]{{0,80}}+)(?![\w(='"*/]|:\d)
  | \b(?P<which>(?:{_WHICH})(?:[ ](?:named|called|name))?:?[ ])(?P<struct>{_STRUCTURED})(?![\w='"*/]|:\d)
  | \b(?P<net>(?:resolve(?:[ ]host(?:[ ]?name)?)?:?|translate[ ]host[ ]name|ENOTFOUND|EAI_AGAIN|lookup|connect[ ]to[ ]host
      |ssh:[ ]connect[ ]to[ ]host|verification[ ]failed[ ]for|ping(?:ing)?|reach(?:ing)?|query[ ]for|dns[ ]name
      |(?:password|authentication)[ ]for(?:[ ](?:invalid[ ])?user)?)[ ])
      (?P<target>(?![\d*])[\w][\w.@-]{{0,250}}+)(?![\w(='"*/]|:\d)
  | \b(?P<to>(?:connect(?:ing|ion|ed)?[ ](?:to|with|from)|dial(?:ing)?|from|host|server)[ ])(?P<port>[A-Za-z][\w.-]{{0,250}})
      (?=,?[ ]port\b)
    """
)
_FIRST = re.compile(
    r"(?i)\b(?:user|login|account|tenant|customer|employee|member|principal|host|node|pod|container|runner|worker|broker"
    r"|server|instance|machine|vm|peer|replica|backend|upstream|agent|executor|shard|partition|session|client|device|disk"
    r"|volume|interface|cluster|droplet|unit|job|build|sandbox|group|consumer|bucket|namespace|cert|domain|realm|zone|site"
    r"|mailbox|message|request|token|transaction|resolve|enotfound|eai_again|lookup|verification|ping|reach|query|dns|password"
    r"|authentication|connect|dial|from)"
)
# Plain language that follows such words; verbs in -ed and -ing are told by their ending.
_PLAIN = frozenset(
    word
    for line in (
        "a an the this that it its his her their our your my no not is are was were be been has have had does do did can",
        "cannot could should would will may must might and or but nor if then than when while where because since for from",
        "to in on at by with without of off as into onto over under after before until during via per up down out again",
        "already never always only just also too so very more less all any each every some none both either neither other",
        "another same such own next last first second new old too still yet there here who which what whose how why",
        "account accounts action address addresses agent alias api application archive argument attribute auth",
        "authentication authorization balance body cache call callback certificate class client cluster code command config",
        "configuration connection content context controller count creation credential credentials data database date",
        "deletion description device directory disk domain driver email entry error event exception failure feature field",
        "file filter firewall format function gateway group groups handle handler handshake hash header health home host id",
        "identifier identity image info information input interface invalid is issue item key keys kind label lease length",
        "level library limit limits list location lock log login lookup machine manager mapping memory message metadata mode",
        "model module monitor mount name names network node not null number object offline online operation option order owner",
        "page parameter pass password path permission permissions plan plugin point policy pool port position preference",
        "preferences principal process profile program property protocol proxy quota rate read ready record registration",
        "registry replica reply request requests resolution resource resources response result role roles route router",
        "rule runtime schema scheduler scope script search secret selector sequence server service session sessions setting",
        "settings setup signature size socket space state status storage store string subscription system table tag target",
        "task team template terminal thread time timeout timezone to token tokens total traffic transaction tree trigger type",
        "types unavailable unknown unreachable unresponsive unhealthy update upgrade upload url usage user users value",
        "variable version view volume web window worker write busy dead empty full gone idle ill late lost missing open present",
        "ready rejoin stale stuck valid invalid wrong absent available anonymous default error failure exit exits does",
        "doesn don didn isn wasn hasn haven couldn wouldn won seems appears cannot needs wants got went came died left lost",
        "exists holds says sent began stays became broke ran kept took made said quit hung hangs runs takes returns",
    )
    for word in line.split()
)
_PROPER = frozenset({"bastion", "station", "king", "ted", "fred", "alfred", "manfred", "winifred"})
_ENDINGS = ("ed", "ing", "ly", "tion", "ment", "ity", "ness", "able", "ible", "less", "ful", "ive", "ous", "ies")

# key=value where the value says which one, never why.
_MACHINES = ("host", "node")
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


def is_plain(word: str) -> bool:
    """Whether a word is one of plain language rather than a name."""
    low = word.lower().rstrip(".")
    return low in _PLAIN or (low.isalpha() and low.endswith(_ENDINGS) and low not in _PROPER)


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
    for before, name in (("who", "name"), ("which", "struct"), ("net", "target"), ("to", "port")):
        if found[before] is not None:
            word: str = found[name]
            bare = word.rstrip(".:")
            if is_plain(bare) or (name == "struct" and _compound(bare)):
                return found[0]
            remains = host(bare) if before != "who" or found[before].lower().startswith(_MACHINES) else "*"
            return f"{found[before]}{remains}{word[len(bare) :]}"
    return found[0]


def _compound(word: str) -> bool:
    """Two words of plain language joined (`read-only`), or a dotted name of a program (`shop.tasks.mail`)."""
    if any(map(str.isdigit, word)):
        return False
    return "-" not in word or any(is_plain(part) for part in word.split("-"))
