"""The tree as HTML: all that it can say, and nothing that a text could make of it."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override

from hubbub.markup.html import HtmlWriter
from hubbub.markup.parse import parse

PIXEL = "data:image/png;base64,AAAA"


def html(text: str, copy: str = "") -> str:
    return "".join(HtmlWriter(copy).write(parse(text)))


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("a *b* **c** ~~d~~ `e<`", "<p>a <em>b</em> <strong>c</strong> <s>d</s> <code>e&lt;</code></p>"),
        ("a\nb", "<p>a<br>b</p>"),
        ("# A\n\n###### F", "<h3>A</h3><h6>F</h6>"),
        ("> a\n\n---", "<blockquote><p>a</p></blockquote><hr>"),
        ("- a\n- b", "<ul><li>a</li><li>b</li></ul>"),
        ("3. a\n\n4. b", '<ol start="3"><li><p>a</p></li><li><p>b</p></li></ol>'),
        ("1. a\n   - b", "<ol><li>a<ul><li>b</li></ul></li></ol>"),
        (f"![a]({PIXEL})", f'<p><img src="{PIXEL}" alt="a"></p>'),
    ],
)
def test_each_kind(text: str, written: str) -> None:
    assert html(text) == written


def test_lines_of_a_document_may_end_anywhere() -> None:
    written = "".join(HtmlWriter(soft=" ").write(parse("a\nb  \nc")))
    assert written == "<p>a b<br>c</p>"


def test_code_has_its_language_and_a_button() -> None:
    written = html("```c++\nif (a < b) {}\n```", copy="Copy")
    assert "<span>c++</span>" in written
    assert '<button type="button" class="copy">Copy</button>' in written
    assert '<pre tabindex="0"><code>if (a &lt; b) {}</code></pre>' in written
    assert "<button" not in html("```\nx\n```")


def test_tables_keep_their_alignment() -> None:
    written = html("| a | b |\n|:-:|--:|\n| 1 | 2 |")
    assert '<th class="center">a</th><th class="right">b</th>' in written
    assert '<td class="center">1</td><td class="right">2</td>' in written


def test_links_lead_out_and_tell_nothing() -> None:
    assert html("[a](https://example.org/?a=1&b=2)") == (
        '<p><a href="https://example.org/?a=1&amp;b=2" target="_blank" rel="noopener noreferrer nofollow">a</a></p>'
    )


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "data:text/html,x", "vbscript:x", "file:///etc/passwd", "/page/logout", "//evil"]
)
def test_other_addresses_are_no_links(address: str) -> None:
    for text in (f"[a]({address})", f"![a]({address})", f"<{address}>"):
        assert "href" not in html(text)
        assert "<img" not in html(text)


def test_pictures_from_elsewhere_are_links() -> None:
    written = html("![a cat](https://example.org/cat.png)")
    assert "<img" not in written
    assert 'href="https://example.org/cat.png"' in written
    assert ">a cat</a>" in written


def test_svg_is_no_picture() -> None:
    assert "<img" not in html("![a](data:image/svg+xml;base64,AAAA)")


class Tags(HTMLParser):
    """What a browser would make of it."""

    ALLOWED = frozenset(
        re.findall(
            r"\w+",
            "p br h3 h4 h5 h6 strong em s code pre div span ul ol li blockquote hr table thead tbody tr th td a img",
        )
    )
    ATTRIBUTES = frozenset(("class", "tabindex", "href", "target", "rel", "src", "alt", "start"))

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in self.ALLOWED
        for name, value in attrs:
            assert name in self.ATTRIBUTES
            if name == "href":
                assert value is not None
                assert value.lower().startswith(("http://", "https://", "mailto:"))
            if name == "src":
                assert value is not None
                assert value.startswith("data:image/")


@given(st.text(st.sampled_from("<>\"'&[]()!`*_~#|\n -:/jascriptdataimgonerror=;,+1"), max_size=200))
def test_no_text_becomes_markup(text: str) -> None:
    parser = Tags()
    parser.feed(html(text))
    parser.close()
