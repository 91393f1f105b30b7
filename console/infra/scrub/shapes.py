"""Secrets known by their shape, wherever they stand: tokens of well-known services, JWTs, keys, URL credentials."""

import re

REMOVED = "[removed]"

_URL_USER = re.compile(r"(://[^\s:/@\"'<>?#]{0,256}):([^\s/\"'<>]{1,512})@")
_URL_TOKEN = re.compile(r"(https?://)([^\s:/@\"'<>?#\[]{8,512})@")
_PEM = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_BEARER = re.compile(r"\b(bearer|basic)( +)(?=[^\s\"']{0,4096}?[\d=])[\w.~+/=-]{8,}", re.IGNORECASE)
_WEBHOOK = re.compile(r"(hooks\.slack\.com/services/|discord(?:app)?\.com/api/webhooks/\d+/)[\w/-]+")

# A substring that must be there -> the whole shape.
_TOKENS = tuple(
    (mark, re.compile(pattern))
    for mark, pattern in (
        ("eyj", r"\beyJ[\w-]{8,}\.[\w-]{4,}(?:\.[\w-]*)*"),
        ("akia", r"\bAKIA[0-9A-Z]{12,}\b"),
        ("asia", r"\bASIA[0-9A-Z]{12,}\b"),
        *((f"gh{kind}_", rf"\bgh{kind}_[A-Za-z0-9]{{16,}}") for kind in "pousr"),
        ("github_pat_", r"\bgithub_pat_\w{20,}"),
        ("glpat-", r"\bglpat-[\w-]{16,}"),
        ("xox", r"\bxox[abeoprs]-[\w-]{10,}"),
        ("k_live_", r"\b[rs]k_live_\w{8,}"),
        ("k_test_", r"\b[rs]k_test_\w{8,}"),
        ("console_", r"\bconsole_[\w-]{24,}"),  # our own
        ("whsec_", r"\bwhsec_[\w+/=]{16,}"),
        ("sk-", r"\bsk-(?:proj-|ant-|or-)?[\w-]{20,}"),
        ("aiza", r"\bAIza[\w-]{30,}"),
        ("ya29.", r"\bya29\.[\w-]{20,}"),
        ("sg.", r"\bSG\.[\w-]{16,}\.[\w-]{16,}"),
        ("npm_", r"\bnpm_\w{30,}"),
        ("pypi-", r"\bpypi-[\w-]{40,}"),
        ("hf_", r"\bhf_[A-Za-z0-9]{30,}"),
        ("dop_v1_", r"\bdop_v1_[0-9a-f]{32,}"),
        ("hvs.", r"\bhvs\.[\w-]{20,}"),
        ("glsa_", r"\bglsa_\w{32,}"),
        ("xapp-", r"\bxapp-[\w-]{20,}"),
        ("dapi", r"\bdapi[0-9a-f]{32}\b"),
        ("lin_api_", r"\blin_api_\w{32,}"),
        ("curl ", r"(?<=\s-u )[\w.@+-]{1,64}:[^\s\"']+"),
        ("shpat_", r"\bshpat_[0-9a-fA-F]{32,}"),
    )
)


def scrub_shapes(text: str, low: str) -> str:
    """`text` without such secrets; `low` is the text in small letters (of before other removals)."""
    if "://" in low:
        text = _URL_USER.sub(_without_password, text)
        if "@" in text:
            text = _URL_TOKEN.sub(rf"\1{REMOVED}@", text)
    if "private key" in low:
        text = _without_keys(text)
    if "bearer " in low or "basic " in low:
        text = _BEARER.sub(rf"\1\2{REMOVED}", text)
    for mark, shape in _TOKENS:
        if mark in low:
            text = shape.sub(REMOVED, text)
    if "slack.com/services" in low or "/api/webhooks/" in low:
        text = _WEBHOOK.sub(rf"\1{REMOVED}", text)
    return text


def _without_keys(text: str) -> str:
    """PEM blocks keep their frame; one that was cut off is removed to the end of the text."""
    parts: list[str] = []
    at = 0
    while begin := _PEM.search(text, at):
        end = text.find("-----END", begin.end())
        parts += (text[at : begin.end()], REMOVED)
        at = end if end >= 0 else len(text)
    return "".join((*parts, text[at:]))


def _without_password(found: "re.Match[str]") -> str:
    """A URL keeps its user, which tells who was refused."""
    return found[0] if found[2] == REMOVED else f"{found[1]}:{REMOVED}@"
