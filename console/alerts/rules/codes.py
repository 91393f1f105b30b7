"""Numbers in messages that name a cause, and must outlive normalisation.

HTTP status, errno, SQLSTATE and database error numbers, signals, exit codes, SMTP, AMQP and curl codes. A raw wait
status is none: it holds the signal or the exit code, which the message names as well, mixed with a core-dump flag.
"""

import re

# While a message is normalised, the digits of codes are other characters, so that nothing takes them for variable.
_HIDE = str.maketrans("0123456789", "".join(map(chr, range(0xE000, 0xE00A))))
_SHOW = str.maketrans("".join(map(chr, range(0xE000, 0xE00A))), "0123456789")
_FOREIGN = re.compile("[\ue000-\ue009]")

_REASONS = (
    r"continue\b|ok\b|created\b|accepted\b|no content|moved (?:perm|temp)|found$|see other|not modified"
    r"|temporary redirect|permanent redirect|bad request|unauthori[sz]ed|payment required|forbidden|not found"
    r"|method not|not acceptable|proxy auth|request (?:time|entity|header|uri|too)|conflict\b|gone\b"
    r"|length required|precondition|payload too|entity too|uri too|unsupported media|range not"
    r"|expectation failed|i'm a teapot|misdirected|unprocessable|locked\b|failed dependency"
    r"|too (?:early|many requests)|upgrade required|unavailable|internal server|internal error|not implemented"
    r"|bad gateway|service (?:temporarily )?unavailable|gateway|http version|insufficient storage|loop detected"
    r"|network auth|(?:client |server )?error\b(?! of)|response\b|status\b|page not|access denied"
)
# What stands between the word and its number: `= `, `": `, ` code was `, ` (`.
_JOIN = r"""(?:["']?(?:[ ]?(?::|==?|\(|\[|<|\#|->)|[ ](?:code|status|number|value|was|is|of|with|an?))){0,4}[ ]?"""

# Kinds of numbers that are called codes and are data.
_DATA = re.compile(
    r"(?i)(\b(?:zip|postal|post|invite|invitation|product|promo|country|area|item|coupon|discount|verification|voucher"
    r"|booking|reservation|tracking|currency|airport|order|access|bar|qr|pin)[ _-]?(?:code|status)"
    rf"{_JOIN})[\w-]*\d[\w-]*"
)
_WORDS = r"""
    (?:[a-z]{1,20}+_)?(?:status(?:_?code)?|err_?no|err_?code|error_?(?:code|no|number|num)|winerror|gaierror|code|sqlcode
      |pgcode|signal|sig|exit_?code|exit_?status|return_?code|retcode|rc|exit(?:ed|ing)?|hresult|ldap|curl|smtp|ftp
      |http(?:status|error|exception|code)?(?:/\d(?:\.\d)?)?|response|respond(?:ed|s)?
      |return\ code|error\ (?:code|number|no\.?)|sqlite\ error|curl\ error)
"""
_CODES = re.compile(
    rf"""(?ix)
    (?<![a-z0-9])(?:
        ["']?{_WORDS}{_JOIN}(?P<open>["'])?
          (?: 0x[0-9a-f]{{8}}\b | -?\d{{1,6}}(?![\w]|[.:,]\d|-\d|\ (?:of|rows?|items?|bytes?)\b|%) )(?(open)(?P=open)?)
      | sqlstate\[[0-9a-z]{{5}}\](?:[ ]\[\d{{1,6}}\]|:[ ][a-z ]{{3,60}}:[ ]\d{{1,6}}(?=[ ]))
      | sqlstate{_JOIN}(?P<state>["'])?[0-9a-z]{{5}}\b(?(state)(?P=state)?)
      | error\ 0x[0-9a-f]{{8}}\b
      | error\ \d{{4}}\ \([0-9a-z]{{5}}\)
      | error\ (?:\(|\#|-)?\d{{1,6}}\)?(?![\w]|[.:,]\d|\ (?:of|rows?|items?|times?|records?)\b|/)
      | error:[0-9a-f]{{8}}\b
      | error:\ [45]\d\d\b(?![.,:-]\d|[%/\w])
      | error,\ data\ [0-9a-f]{{3}}\b
      | (?:got|returned|received|replied|answered|answers|gave|failed|said|raised)
            [ ](?:with[ ])?(?:an?[ ])?(?:http[ ])?[45]\d\d
            (?=[.,;:)]?$|[.,;:)][ \n]|[ ](?:from|for|on|when|while|instead|error|response|status
              |after|to|in|at|with|by)\b)
      | (?:ora|pls|tns|dpi|dpy|sp2|rman|crs|kup|imp|exp|clr|my)-\d{{3,6}}\b
      | sql\d{{4,5}}[a-z]\b
      | sig[a-z]{{2,6}}\W{{0,2}}[:(][ ]?\d{{1,2}}\b
      | e\d{{5}}(?![\w-])
      | msg[ ]\d{{1,6}}(?=,)
      | val=-?\d+
    )
  | (?<![\w.:/-])(?<!\d,)[1-5]\d\d(?=[ ,:)\]-]{{1,3}}[ ]?["']?(?:{_REASONS.replace(" ", "[ ]")}))
  | (?<![\w.])[245]\d\d[ -][245]\.\d{{1,3}}\.\d{{1,3}}\b
  | \[(?=[a-z]*\d)[0-9a-z]{{5}}\](?=[ ]?[\[(a-z])
  | \(\d{{1,6}}\)(?=[ ]\(SQL)
  | \(\d{{3}}\)(?=\s+(?:[a-z]+_[a-z_]+|reason)\b)
  | (?:^|[a-z](?:error|exception|warning|timeout|failure|refused|reset|aborted)|\)[ ])
        \((?:-?\d{{1,5}}|'?(?=[a-z]*\d)[0-9a-z]{{5}}'?),(?=[ ]?(?:b?["']|\*|[a-z]))
  | :[ ]\([45]\d\d,(?=[ ](?:b["']|\*))
  | '?\bc'?:[ ]'?(?=[a-z]*\d)[0-9a-z]{{5}}\b'?
  | ^[45]\d\d(?=[ -][A-Z][a-z]|,\ message=)
    """
)
# A code in words, quoted as a value: {"code": "NoSuchKey"}, error_code='card_declined'.
_NAMED = re.compile(
    r"""(?i)(["']?\b(?:[a-z]{1,20}_?)?(?:code|errno|sqlstate)["']?[ ]?[:=][ ]?)["']([a-z_.]{3,60})["']"""
)
_STATUS_TEXT = re.compile(r"""["'`]([1-5]\d\d [A-Z][A-Za-z -]{1,40})["'`]""")
_WAIT_STATUS = re.compile(r"(?i)\b(?:wait(?:pid)?(?:[ _-]?status)?|raw status)[ ]?(?:returned|=|:|was|of)?[ ]?-?\d+")


# In a message about a URL a number of that size is its status, unless it counts something.
_ANSWER = re.compile(r"(?<![\w.:/=#-])[45]\d\d(?![\w/%]|[.:,-]\d|\s*(?:ms|s|sec|seconds|bytes|rows|items|times|of)\b)")


_METHOD = re.compile(r"\b(?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS) /")


def hide_codes(text: str) -> str:
    """`text` with the digits of its codes made unlike digits; `show_codes` undoes it."""
    if not any(map(str.isdigit, text)):
        return _named(text)
    text = _WAIT_STATUS.sub(_without_digits, text)
    text = _DATA.sub(r"\1*", text)
    text = _STATUS_TEXT.sub(r" \1 ", text)
    if "http" in text or "HTTP" in text or _METHOD.search(text):
        text = _ANSWER.sub(_hidden, text)
    return _named(_CODES.sub(_hidden, text))


def unlike_codes(text: str) -> str:
    """`text` without the characters that stand for the digits of codes while it is normalised."""
    return _FOREIGN.sub("", text)


def show_codes(text: str) -> str:
    """The codes readable again."""
    return text.translate(_SHOW)


def _named(text: str) -> str:
    return _NAMED.sub(r"\1 \2 ", text) if ("ode" in text or "rrno" in text or "sqlstate" in text) else text


def _hidden(found: "re.Match[str]") -> str:
    return found[0].replace('"', "").replace("'", "").translate(_HIDE)


def _without_digits(found: "re.Match[str]") -> str:
    return re.sub(r"-?\d+", "*", found[0])
