"""The `ui` global and the pieces that must be right everywhere."""

import re
from pathlib import Path

import pytest
from flask import Flask, render_template_string

from console.web.components import Components

TEMPLATES = Path(__file__).parent.parent.parent / "templates"
STATIC = Path(__file__).parent.parent.parent / "static"


def render(app: Flask, source: str, **context: object) -> str:
    with app.test_request_context():
        return render_template_string(source, **context)


def test_an_unknown_component_says_its_name(session_app: Flask) -> None:
    with pytest.raises(AttributeError, match="spinner"):
        _ = Components(session_app.jinja_env).spinner


def test_every_icon_named_by_a_macro_or_template_can_be_drawn() -> None:
    known = set((STATIC / "icons.txt").read_text().split())
    named = {
        name
        for path in TEMPLATES.rglob("*.html")
        for name in re.findall(r"ui\.icon\(\"([a-z0-9-]+)\"", path.read_text())
    }
    assert named
    assert named - known == set()


def test_text_from_outside_is_escaped(session_app: Flask) -> None:
    nasty = "<img src=x onerror=alert(1)>"
    html = render(session_app, "{{ ui.owner(name) }}{{ ui.chip('q', name) }}{{ ui.toast(name) }}", name=nasty)
    assert "<img" not in html


def test_nobody_is_a_word_and_a_shape(session_app: Flask) -> None:
    html = render(session_app, "{{ ui.owner(none) }}")
    assert "Nobody" in html
    assert "nobody" in html


def test_a_fault_is_tied_to_its_field(session_app: Flask) -> None:
    html = render(session_app, "{{ ui.field('limit', 'Limit', 'x', hint='Such as 90/minute.', fault='No unit.') }}")
    assert 'aria-invalid="true"' in html
    assert 'aria-describedby="limit-fault limit-hint"' in html
    assert 'id="limit-fault"' in html


def test_a_button_posts_without_javascript(session_app: Flask) -> None:
    html = render(session_app, "{{ ui.action('/x', 'Stop', target='#job') }}")
    assert 'method="post" action="/x"' in html
    assert 'hx-post="/x"' in html


def test_severity_says_its_word_to_those_who_do_not_see_it(session_app: Flask) -> None:
    for name in ("critical", "error", "warning", "info"):
        html = render(session_app, "{{ ui.severity(name) }}", name=name)
        assert f'<span class="visually-hidden">{name.capitalize()}</span>' in html


def test_a_progress_bar_has_no_inline_style(session_app: Flask) -> None:
    html = render(session_app, "{{ ui.progress(0.503, '50 % done') }}")
    assert 'width="50.3"' in html
    assert "style" not in html


def test_the_folder_is_walked_once_for_a_name(session_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    components = Components(session_app.jinja_env)
    first = components.icon
    monkeypatch.setattr(session_app.jinja_env, "list_templates", list)
    assert components.icon is first
