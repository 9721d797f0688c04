"""HTML: what is text stays text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mocksmtp.web.markup import element, joined

WRITTEN = [
    (element("p", "a < b & c"), "<p>a &lt; b &amp; c</p>"),
    (element("p", element("b", "x"), " ", 3, None), "<p><b>x</b> 3</p>"),
    (element("ul", [element("li", each) for each in "ab"]), "<ul><li>a</li><li>b</li></ul>"),
    (element("a", "x", href='"><script>'), '<a href="&quot;&gt;&lt;script&gt;">x</a>'),
    (element("p", class_="c", data_key="k", hidden=True), '<p class="c" data-key="k" hidden></p>'),
    (element("p", title=None, open=False), "<p></p>"),
    (element("input", type="search", name="q"), '<input type="search" name="q">'),
    (joined("<b>", element("i")), "&lt;b&gt;<i></i>"),
]  # fmt: skip


@pytest.mark.parametrize(("found", "text"), WRITTEN)
def test_an_element_is_written(found, text):
    assert found == text


@given(st.text())
def test_no_text_becomes_markup(text):
    assert element("p", text).count("<") == 2
    assert element("p", title=text).count('"') == 2
