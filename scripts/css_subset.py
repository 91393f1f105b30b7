"""Cuts a stylesheet down to the rules whose classes we use: a reader of blocks, not a CSS engine."""

import re
from collections.abc import Iterator

# Exact class names of Tabler that our pages stand on. Everything else of Tabler is left out.
CLASSES = {
    "badge", "btn", "btn-icon", "btn-primary", "btn-danger", "card", "card-body", "card-footer", "card-header",
    "card-title", "disabled", "form-check", "form-check-input", "form-check-label", "form-control", "form-hint",
    "form-label", "form-select", "icon", "is-invalid", "table", "table-responsive", "visually-hidden",
    "visually-hidden-focusable",
}  # fmt: skip
CLASS = re.compile(r"\.(-?[A-Za-z_][\w-]*)")
# A custom property with its value, which may hold parentheses four deep.
_VALUE = r"(?:[^;{}(]|\((?:[^()]|\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\))*\))*"
DECLARED = re.compile(r"(?<=[{;])(--tblr-[\w-]+):" + _VALUE + ";?")
OTHER_THEMES = ("[data-bs-theme-", "[dir=", ":host", "::-webkit-scrollbar")


def subset(css: str) -> str:
    """The kept rules, compact; custom properties nobody reads are left out."""
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    rules = "".join(keep(css))
    return prune(rules)


def keep(css: str) -> Iterator[str]:
    """Walk the top-level blocks; nested ones (@media) are walked in turn."""
    for head, body in blocks(css):
        if head.startswith(("@media", "@supports")):
            inner = "".join(keep(body))
            if inner:
                yield f"{head}{{{inner}}}"
        elif not head.startswith("@"):
            selectors = [s for s in split(head) if wanted(s)]
            if selectors:
                yield f"{','.join(selectors)}{{{squeeze(body)}}}"


def blocks(css: str) -> Iterator[tuple[str, str]]:
    """(prelude, body) of each top-level block; statements without a block are dropped."""
    start = position = 0
    while (opening := css.find("{", position)) >= 0:
        depth, end = 1, opening + 1
        while depth:
            step = re.compile(r"[{}]").search(css, end)
            if step is None:
                return
            depth += 1 if step[0] == "{" else -1
            end = step.end()
        head = css[start:opening].rsplit(";", 1)[-1].strip()
        yield head, css[opening + 1 : end - 1]
        start = position = end


def split(selectors: str) -> list[str]:
    """A selector list at its commas, but not at those inside parentheses."""
    return [part.strip() for part in re.split(r",(?![^()]*\))", selectors)]


def wanted(selector: str) -> bool:
    """Whether every class of the selector is ours to use; elements alone are the reset and stay."""
    if any(mark in selector for mark in OTHER_THEMES):
        return False
    return set(CLASS.findall(selector)) <= CLASSES


def squeeze(body: str) -> str:
    """Declarations without the white space between them."""
    return ";".join(" ".join(line.split()) for line in re.split(r";(?![^(]*\))", body) if line.strip())


def prune(css: str) -> str:
    """Drop custom properties that no kept rule reads, until nothing more falls away."""
    slimmer = without_unread(css)
    while slimmer != css:
        css, slimmer = slimmer, without_unread(slimmer)
    return re.sub(r"[^{}]+\{\}", "", css)


def without_unread(css: str) -> str:
    """One pass of `prune`."""
    read = set(re.findall(r"var\(\s*(--tblr-[\w-]+)", css))
    return DECLARED.sub(lambda match: match[0] if match[1] in read else "", css)
