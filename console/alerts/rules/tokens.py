"""Values that show by their own form that they are data: tokens, devices, files of data, money, telephone numbers."""

import re

_JWT = re.compile(r"\beyJ[\w-]{5,2000}(?:\.[\w-]{0,2000}){0,4}={0,2}")
_BASE64 = re.compile(r"(?<![\w+/=*])(?=[A-Za-z+/]{0,200}\d|[A-Z]*[a-z]+[A-Z])[A-Za-z0-9+/]{8,4000}={1,2}(?![\w=])")
_LONG64 = re.compile(
    r"(?<![\w+/=*.-])(?=[A-Za-z0-9]{0,60}[+/])(?=[A-Za-z+/]{0,60}\d)(?=[a-z0-9+/]{0,60}[A-Z])[A-Za-z0-9+/]{28,4000}(?![\w/.-])"
)
# `cus_NffrFeUfNV2Hib`, `req-AbCdEfGhIj`: what kind of thing stays.
_PREFIXED = re.compile(r"(?<![\w.-])([a-z]{2,8}(?:_[a-z]{2,8})?[_-])([A-Za-z0-9]{8,64})(?![\w*])")
_JOINED = re.compile(
    r"(?<![\w.@/*-])(?=[A-Za-z_-]{0,60}\d)[A-Za-z0-9]{1,64}(?:[_-]{1,2}[A-Za-z0-9]{1,64}){1,9}(?![\w.@/*-])"
)
# Airflow's names of runs, gRPC's and librdkafka's of addresses, PostgreSQL's of places in the log.
_RUN = re.compile(r"\b(?:manual|scheduled|backfill|dataset_triggered|asset_triggered)__(?=\d)")
_SOCKET = re.compile(r"\bipv[46][:#](?:%5B|\[)?[\w.:-]{1,60}\w(?:%5D|\])?(?::\d{1,5})?")
_LSN = re.compile(r"\b[0-9A-F]{1,8}/(?=[A-F]{0,8}\d)[0-9A-F]{6,8}\b")
# The kernel's `[python3:8812]`.
_COMMAND = re.compile(r"(\[[A-Za-z][\w./-]{0,30}:)\d{1,7}(?=\])")
_HUMPS = re.compile(r"\b(?:[A-Z]{1,2}[a-z]{1,2}){4,12}[A-Z]?\b")
# The hash that a Deployment adds has no vowels, and at times no digit.
_POD = re.compile(r"(?<=[\w])-(?:[bcdfghjklmnpqrstvwxz2456789]{8,10}-)[bcdfghjklmnpqrstvwxz2456789]{5}(?![a-z0-9])")

_BLOCK = (
    r"(?:(?:sd|vd|xvd)[a-z]\d{0,3}|hd[a-c]\d{0,2}|nvme\d{1,3}n\d{1,3}(?:p\d{1,3})?|mmcblk\d{1,2}(?:p\d{1,2})?|dm-\d{1,3}"
    r"|md\d{1,3}|loop\d{1,3}|sr\d|zd\d{1,4}|rbd\d{1,4}|disk\d{1,2}(?:s\d{1,2})?)"
)
_DEVICE = re.compile(
    rf"""(?x)/dev/(?:{_BLOCK}|(?:mapper|disk/by-[a-z]{{2,9}})/[\w.:+-]{{1,128}}|tty[A-Z]{{0,3}}\d{{1,3}}|[\w-]{{1,40}}/[\w-]{{1,60}})(?![\w/])
      | (?<![\w./-])(?:(?!sdk)(?!vdi){_BLOCK}
        | (?:eth|bond|wlan|team|br|tun|tap|ppp|wg|ens|eno|enx|enp\d{{1,3}}s|wlp\d{{1,3}}s
          |veth|cali|docker|vmbr)[0-9][0-9a-f]{{0,12}})
        (?![\w*]|\.\w)"""
)
_DEVICE_HINT = re.compile(
    r"(?:[shxv]d[a-z]|nvme|dm-|md\d|/dev/|eth\d|en[psox]|bond|wl|tun|tap|veth|br|docker|mmc|loop|disk|team|ppp|wg|cali)"
)

DATA_FILE = (
    "csv|tsv|xlsx?|xlsm|ods|pdf|docx?|pptx?|odt|rtf|jpe?g|png|gif|webp|tiff?|bmp|svg|heic|mp[34]|mkv|mov|avi|webm|wav|flac|ogg"
    "|m4[av]|zip|gz|tgz|bz2|xz|zst|7z|rar|tar|parquet|avro|orc|feather|h5|hdf5|npy|npz|pkl|dump|bak|tmp|eml|msg|epub|iso|vcf|ics"
    "|ndjson|jsonl|dbf|shp|tmp|part|swp|wal|qcow2|vmdk"
)
_FILE = re.compile(rf"(?i)(?<![\w/\\.*@-])[\w*][\w*.+@-]{{0,120}}?\.(?:{DATA_FILE})(?![\w*/]|\.\w)")

_CURRENCY = "USD|EUR|GBP|CHF|JPY|CNY|INR|AUD|CAD|NZD|SEK|NOK|DKK|PLN|CZK|HUF|BRL|MXN|ZAR|TRY|KRW|SGD|HKD"
_AMOUNT = r"-?\d[\d.,'_ ]{0,18}\d|\d"
_MONEY = re.compile(
    rf"(?:(?<!\w)-?[$€£¥₹₽][ ]?|\b(?:{_CURRENCY})[ ]?)(?:{_AMOUNT})(?![\w])"
    rf"|(?<![\w.])(?:{_AMOUNT})[ ]?(?:[€£¥₹₽$](?!\w)|(?:{_CURRENCY})\b)"
)
_MONEY_HINT = re.compile(rf"[$€£¥₹₽]|\b(?:{_CURRENCY})\b")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?:[ ]?[A-Z0-9]{4}){3,7}(?:[ ]?[A-Z0-9]{1,3})?\b")
_PHONE = re.compile(r"(?<![\w.+])\+\d[\d ()./-]{5,22}\d(?![\w])")
_MASKED = re.compile(r"(?<![\w*\u2022])[*xX\u2022]{3,24}(?:[ -][*xX\u2022]{3,24}){0,3}[ -]?\d{2,6}\b")
_VERSION = re.compile(
    r"(?<![\w.])v?\d{1,9}(?:\.\d{1,9}){1,4}(?:[-+.]?(?:rc|alpha|beta|a|b|dev|post|pre|build|SNAPSHOT|RELEASE|Final|GA|M)\.?\d{0,9}"
    r"|[-+](?=[a-f]*\d)[0-9a-f]{7,40}){1,3}(?:[+.-][\w.]{1,40})?(?![\w])"
)
_ONE_LETTER = re.compile(r"(?i)\b(token|character|char|byte|symbol|delimiter|letter) ([^\s\w*]|\w)(?= )")

_ANSWER = re.compile(r"(?<=[:=] )(?:YES|NO)\b")

_CHANGES = re.compile(r"(?<=[a-z])(?=[A-Z0-9])|(?<=[A-Z])(?=[0-9])|(?<=[0-9])(?=[A-Za-z])|(?<=[A-Z]{2})(?=[a-z])")
_DIGITS = re.compile(r"\d+")


def without_tokens(text: str) -> str:
    """`text` with values that show by their form replaced by `*`."""
    if "[" in text:
        text = _COMMAND.sub(r"\1*", text)
    if "__" in text:
        text = _RUN.sub("", text)
    if "ipv" in text:
        text = _SOCKET.sub("*", text)
    if "eyJ" in text:
        text = _JWT.sub("*", text)
    if "=" in text:
        text = _BASE64.sub("*", text)
    if "/" in text or "+" in text:
        text = _PHONE.sub("*", _LSN.sub("*", _LONG64.sub("*", text)))
    if "_" in text or "-" in text:
        text = _JOINED.sub(_joined, _PREFIXED.sub(_prefixed, _POD.sub("*", text)))
    text = _HUMPS.sub("*", text)
    if "." in text:
        text = _VERSION.sub("*", _FILE.sub("*", text))
    if _DEVICE_HINT.search(text):
        text = _DEVICE.sub("*", text)
    return _money(text)


def _money(text: str) -> str:
    if _MONEY_HINT.search(text):
        text = _MONEY.sub("*", text)
    text = _ANSWER.sub("*", text) if "YES" in text or "NO" in text else text
    return _ONE_LETTER.sub(r"\1 *", _MASKED.sub("*", _IBAN.sub("*", text)))


def _prefixed(found: "re.Match[str]") -> str:
    return f"{found[1]}*" if is_random(found[2]) else found[0]


def _joined(found: "re.Match[str]") -> str:
    return "*" if is_random(found[0]) else found[0]


_DENSE, _SHORTEST, _LETTERS = 0.25, 8, 3


def is_random(word: str) -> bool:
    """Whether letters of both cases and digits alternate as they do in tokens, and not in names (`Int32Array`)."""
    if len(word) < _SHORTEST or word.islower() or word.isupper():
        return False
    changes = len(_CHANGES.findall(word))
    digits = len(_DIGITS.findall(word))
    if not digits:
        return sum(map(str.isupper, word)) > _LETTERS and changes > len(word) * 0.35
    return (digits > 1 or len(word) > 2 * _SHORTEST or changes > _LETTERS) and changes > len(word) * _DENSE
