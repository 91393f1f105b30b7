"""The pattern of what varies in messages: instants, quotes, addresses, paths, sizes, numbers."""

import re

from console.alerts.rules.loglines import prefix_pattern

_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}\.?"
_DAY = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{0,6},?[ ]{1,2}"
_ZONE = r"(?:[ ]?(?:Z|UTC|GMT|[A-Z]{1,3}[SD]?T)\b)?(?:[ ]?[+-]\d\d:?\d\d\b)?"
_TIME = rf"\d{{1,2}}:\d\d(?::\d\d(?:[.,]\d{{1,9}})?)?(?:[ ]?[AaPp]\.?[Mm]\b\.?)?{_ZONE}"
_INSTANT = rf"""
    (?<!\d)\d{{4}}[-/.]\d{{1,2}}[-/.]\d{{1,2}}(?:[T ,_]{{1,2}}{_TIME})?{_ZONE}
  | (?<![\d.-])(?:19|20)\d\d[-/](?:0[1-9]|1[0-2])(?![-/\d]) | (?<!\d)\d{{4}}-?W\d\d(?:-?\d)?\b
  | \bQ[1-4][ /-]?(?:19|20)\d\d\b
  | (?<!\d)\d{{2}}-(?:JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC)-\d{{2,4}}
    (?:[ ]\d\d[.:]\d\d[.:]\d\d(?:\.\d{{1,9}})?(?:[ ][AP]M)?)?
  | (?:\b{_DAY})?(?<!\d)\d{{1,2}}[-/. ]{_MONTH}[-/. ,:]{{1,2}}\d{{2,4}}(?:[ :,T]{{1,2}}{_TIME})?
  | \b(?:{_DAY})?{_MONTH}[ ]{{1,2}}\d{{1,2}}(?:,?[ ]\d{{4}}\b(?!:))?(?:[ ,T]{{1,2}}{_TIME}(?:[ ]\d{{4}}\b)?)?
  | (?<!\d)\d{{1,2}}[./-]\d{{1,2}}[./-]\d{{2,4}}(?:[T ,]{{1,2}}{_TIME})?(?![.\d])
  | (?<![\d:]){_TIME}(?![:\d])
"""
LOGGED = prefix_pattern(_INSTANT)
# Words before a colon and a number that are no host.
_KEY = r"(?i:[\w-]*(?:id|rss|vm|size|count|line|row|offset|port|len|length|bytes|total|limit|code|seq|ts|time|try|adj))"
# Nor is a source file, in a stack of another language.
_SOURCE = ("java", "kt", "scala", "py", "js", "ts", "go", "rs", "rb", "php", "cs", "c", "cc", "cpp", "h")
_NO_SOURCE = "".join(rf"(?<!\.{ending})" for ending in _SOURCE)
# Quotes of other scripts, as opening and closing: English, German, Polish, French, Danish, Swedish, Chinese, Japanese.
_SCRIPTS = (
    *(
        "\u201c\u201d",
        "\u201e\u201c\u201d",
        "\u00ab\u00bb",
        "\u00bb\u00ab",
        "\u2039\u203a",
        "\u203a\u2039",
        "\u201a\u2018\u2019",
    ),
    *(
        "\u300c\u300d",
        "\u300e\u300f",
        "\u300a\u300b",
        "\u3008\u3009",
        "\u201d\u201d",
        "\uff02\uff02",
        "\u301d\u301e\u301f",
        "\uff62\uff63",
    ),
)
_FOREIGN = "|".join(f"{pair[0]}[^{pair[1:]}]{{0,400}}[{pair[1:]}]" for pair in _SCRIPTS)
# Apostrophes inside words are none. What a cut left open ends with the text.
_QUOTED = rf"""
    '\[[^\]\n]{{0,1000}}\]'
  | (?<![\w\ue000-\ue009])[bBuUrR]{{0,2}}'(?:[^'\\\n]|\\.|(?<=\w)'(?=\w)){{0,1000}}'(?!\w)
  | [bBuUrR]{{0,2}}"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)
  | `[^`'\n]{{0,400}}['`]
  | \u2018(?:[^\u2019]|(?<=\w)\u2019(?=\w)){{0,400}}\u2019
  | {_FOREIGN}
"""
_TLD = (
    "com|net|org|io|dev|info|biz|eu|de|uk|fr|nl|ch|at|pl|se|jp|cn|ru|br|au|local|internal|lan|cluster|svc|cloud|gov|edu"
    "|example|localdomain|corp|intra|arpa|consul|home|invalid|prod|staging|svc\\.cluster\\.local"
)
_UNIT = (
    "ns|us|µs|ms|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|weeks?|milliseconds?|microseconds?|nanoseconds?"
    "|[kKMGTP]i?[bB]|[bB]|bytes?|KB|kB"
)
VARIABLE = re.compile(
    rf"""(?x)
    (?P<url>\b[A-Za-z][A-Za-z0-9+.-]{{1,20}}+://[^\s"'<>)\]}},]{{1,2048}})
  | (?P<quoted>{_QUOTED})
  | (?P<instant>{_INSTANT})
  | (?P<address>(?<![\w.])/?\d{{1,3}}(?:\.\d{{1,3}}){{3}}:\d{{4,5}}(?![\w.]\d))
  | (?P<six>\[(?=[0-9a-fA-F]{{0,4}}:[0-9a-fA-F]{{0,4}}:)[0-9a-fA-F:]{{2,39}}(?:[.\d]{{2,15}})?(?:%\w+)?
        \]:\d{{1,5}}(?!\w)
      |(?<![\w:])::1:\d{{4,5}}(?!\w))
  | (?P<plain>
        \{{?\b[0-9a-fA-F]{{8}}-(?:[0-9a-fA-F]{{4}}-){{3}}[0-9a-fA-F]{{12}}\b\}}?
      | (?<![\w:-])(?:[0-9a-fA-F]{{2}}[:-]){{5}}[0-9a-fA-F]{{2}}(?![\w:-])
      | (?<![\w.+/-])(?:[A-Za-z]{{1,20}}/)?(?<![\w.+-])[\w.+-]{{1,64}}+@[\w-]{{1,64}}(?:\.[\w-]{{1,64}}){{0,8}}
      | (?<=\w)-(?=[a-f]*\d)[0-9a-f]{{6,10}}-[a-z0-9]{{5}}\b
      | \b0x[0-9a-fA-F]+\b
      | (?<![\w.-])[\da-f.]{{2,80}}\.(?:in-addr|ip6)\.arpa\b
      | (?<![\w.])/?\d{{1,3}}(?:\.\d{{1,3}}){{3}}(?![\w.]\d)(?::\d{{1,5}})?(?:/\d{{1,2}})?
      | (?<![\w:])\[?(?=[0-9a-fA-F]{{0,4}}:[0-9a-fA-F]{{0,4}}:)[0-9a-fA-F:]{{2,39}}
        (?:[.\d]{{2,15}})?(?:%\w+)?(?:\]:\d{{1,5}})?(?![\w:])
      | (?<=\)=\()[^()\n]{{0,400}}(?:\([^()\n]{{0,400}}\)[^()\n]{{0,400}}){{0,4}}(?=\))
      | \b(?:us|eu|ap|sa|ca|me|af|il|cn)(?:-gov)?-(?:north|south|east|west|central){{1,2}}-\d[a-z]?\b
    )
  | (?P<host>
        (?<![\w./-])(?:localhost|(?:[\w-]{{1,63}}+\.){{1,9}}(?:{_TLD}))(?::\d{{1,5}})?(?![\w.-]\w|\w)
      | (?<![\w./-])(?!{_KEY}:)[A-Za-z][\w-]{{0,63}}+(?:\.[\w-]{{1,63}}+){{0,9}}+{_NO_SOURCE}:\d{{4,5}}(?!\w|:\d|\.\d)
    )
  | (?P<path>(?<![\w.*])(?:[A-Za-z]:(?=[\\/])|~|\.{{1,2}})?[\\/]{{1,2}}[^\s"'<>|:;,()\[\]{{}}]{{1,1024}}(?::\d+)?)
  | (?P<span>(?<![\w.])[-+]?\d[\d.,]*[ ]?(?:{_UNIT})\b(?:[ ,]{{0,2}}(?:and[ ])?\d[\d.,]*[ ]?(?:{_UNIT})\b)*)
  | (?P<number>(?<![\w.])[-+]?\d[\d_]*(?:[.,]\d+)*(?:[eE][-+]?\d+)?(?:[ ]?%)?(?![^\W_]))
  | (?P<token>[^\W_]*\d[^\W_]*)
    """
)
# Most words hold nothing that varies: without one of these there is nothing to replace.
VARIES = re.compile(
    rf"""[\d"'`/\\@=\u2026\u2018{"".join(pair[0] for pair in _SCRIPTS)}]|[a-z][A-Z][a-z]?[A-Z]|localhost|\.\.\."""
    r"|\.[a-z]{2,8}\b"
)
