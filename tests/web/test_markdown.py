"""Notes are shown as Markdown; nothing in them can run, load or lead anywhere unseen."""

import re

import pytest

from console.web.markdown import TAGS, markdown

# What has broken sanitisers and Markdown readers before: tags, handlers, schemes, encodings, parser differences.
CORPUS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "![x](javascript:alert(1))",
    "![tracker](https://evil.example/pixel.gif)",
    "[click](javascript:alert(1))",
    "[click](JaVaScRiPt:alert(1))",
    "[click](java\nscript:alert(1))",
    "[click](&#106;avascript:alert(1))",
    "[click](data:text/html;base64,PHNjcmlwdD4=)",
    "[click](vbscript:msgbox(1))",
    "[click](file:///etc/passwd)",
    "<javascript:alert(1)>",
    '[a](https://x.example "onmouseover=alert(1)")',
    '[a](https://x.example/"onmouseover="alert(1))',
    "[a]: javascript:alert(1)\n\n[a]",
    "<a href='javascript:alert(1)'>x</a>",
    "<svg/onload=alert(1)>",
    "<math><mtext></p><style><img src=x onerror=alert(1)></style></math>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<style>*{background:url(https://evil.example)}</style>",
    "<form action=https://evil.example><input name=csrf_token></form>",
    "<base href=https://evil.example>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    '<div style="position:fixed" hx-get=/alerts hx-trigger=load>',
    "<details open ontoggle=alert(1)>",
    "```\n</code></pre><script>alert(1)</script>\n```",
    "`</code><script>alert(1)</script>`",
    "<!-- --><script>alert(1)</script>",
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
    "| a |\n|---|\n| <img src=x onerror=alert(1)> |",
    "\u202e[x](javascript:alert(1))\x00<script>",
    "<<script>script>alert(1)<</script>/script>",
    "[x](//evil.example/%0d%0aSet-Cookie:a=b)",
    "> " * 400 + "<script>alert(1)</script>",
    "[" * 3_000 + "]" * 3_000,
    "*" * 9_000,
)
TAG = re.compile(r"<\s*/?\s*([a-zA-Z0-9]+)([^>]*)>")


@pytest.mark.parametrize("number", range(len(CORPUS)))
def test_nothing_of_the_corpus_survives(number: int) -> None:
    html = str(markdown(CORPUS[number]))
    for tag, attributes in TAG.findall(html):
        assert tag in TAGS
        names = re.findall(r"([\w:-]+)=", re.sub(r'"[^"]*"', '""', attributes))
        assert set(names) <= ({"href", "rel", "title"} if tag == "a" else {"start"})
        assert not re.search(r'href="\s*(?!https?:|mailto:|/|[\w#.%?-]+[^:]*")', attributes), attributes


def test_what_people_write_is_shown() -> None:
    html = str(markdown("**bold** and `make rollback`\nnext line\n\n- one\n- two\n\n~~old~~"))
    assert "<strong>bold</strong> and <code>make rollback</code><br>" in html.replace("<br />", "<br>")
    assert "<li>one</li>" in html
    assert "<s>old</s>" in html


def test_links_lead_out_alone_and_html_is_text() -> None:
    html = str(markdown("[runbook](https://x.example/a?b=1&c=2) <b>look</b> at {{ 7*7 }}"))
    assert 'href="https://x.example/a?b=1&amp;c=2"' in html
    assert 'rel="noopener noreferrer nofollow"' in html
    assert "&lt;b&gt;look&lt;/b&gt; at {{ 7*7 }}" in html


def test_a_picture_stays_a_link_in_words() -> None:
    html = str(markdown("![plan](https://x.example/plan.png)"))
    assert "<img" not in html
    assert "plan" in html
