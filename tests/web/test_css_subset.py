"""How Tabler is cut down to what we use."""

from scripts.css_subset import subset

CSS = """@charset "UTF-8";
:root { --tblr-used: #fff; --tblr-unused: rgb(from var(--tblr-also-unused) r g b); --tblr-also-unused: 1px; }
/* a { comment } */
body { color: var(--tblr-used); }
.btn, .navbar .btn { margin: 0; }
.btn:not(:disabled, .disabled):hover { color: red; }
.carousel { display: none; }
@media (max-width: 1px) { .carousel { top: 0; } }
@media print { .btn { display: none; } .carousel { top: 0; } }
@keyframes spin { from { rotate: 0; } }
.form-select { background: url("data:image/svg+xml;utf8,<svg/>"); }
"""


def test_it_keeps_elements_and_the_classes_we_name() -> None:
    kept = subset(CSS)
    assert "body{color: var(--tblr-used)}" in kept
    assert ".btn{margin: 0}" in kept
    assert ".btn:not(:disabled, .disabled):hover{color: red}" in kept
    assert "carousel" not in kept
    assert "navbar" not in kept


def test_it_looks_into_media_queries_and_leaves_out_empty_ones() -> None:
    kept = subset(CSS)
    assert "@media print{.btn{display: none}}" in kept
    assert "max-width" not in kept


def test_it_drops_animations_comments_and_variables_nobody_reads() -> None:
    kept = subset(CSS)
    assert "--tblr-used: #fff" in kept
    assert "unused" not in kept
    assert "spin" not in kept
    assert "comment" not in kept


def test_a_semicolon_within_an_address_ends_nothing() -> None:
    assert 'url("data:image/svg+xml;utf8,<svg/>")' in subset(CSS)
