"""Notes as people write them: Markdown, with everything that could do harm left out when it is shown."""

import nh3
from flask import Flask
from markdown_it import MarkdownIt
from markupsafe import Markup

# What CommonMark, tables and strikethrough can make, but no pictures: one from elsewhere would tell its host who reads.
TAGS = {
    "p", "br", "hr", "em", "strong", "s", "code", "pre", "blockquote", "ul", "ol", "li", "a", "h1", "h2", "h3", "h4",
    "h5", "h6", "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
SCHEMES = {"http", "https", "mailto"}
# Deeper nesting than anybody writes costs time and says nothing.
_MARKDOWN = MarkdownIt("commonmark", {"html": False, "breaks": True, "maxNesting": 20})
_MARKDOWN.enable(["table", "strikethrough"]).disable("image")


def init_app(app: Flask) -> None:
    """Register the filter `markdown`."""
    app.jinja_env.filters["markdown"] = markdown


def markdown(text: str) -> Markup:
    """Markdown as HTML that is safe to show; HTML within it shows as the text it is, links lead out alone."""
    html = nh3.clean(
        _MARKDOWN.render(text),
        tags=TAGS,
        attributes={"a": {"href"}, "ol": {"start"}},
        url_schemes=SCHEMES,
        link_rel="noopener noreferrer nofollow",
    )
    return Markup(html)  # noqa: S704 # nosec B704 - cleaned just above
