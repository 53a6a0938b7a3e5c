"""Long replies become several pictures of a good length; nothing gets lost between them."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from hubbub.markup.rich import read
from hubbub.markup.tree import CodeBlock, Heading, Listing, Paragraph, Quoted, Table
from hubbub.markup.writer import write
from hubbub.rendering.paging import Pager
from hubbub.rendering.typesetting import Typesetter
from tests.unit.rendering.drawn import job, opened

LONG = {
    "paragraphs": "\n\n".join(f"Paragraph {n} with some words in it." for n in range(200)),
    "one paragraph": "Words, words. " * 600,
    "chinese": "一句话，没有空格。" * 400,
    "lines": "\n".join(f"line {n}" for n in range(500)),
    "code": "```python\n" + "\n".join(f"x = {n}" for n in range(400)) + "\n```",
    "one line of code": "```\n" + "x" * 8000 + "\n```",
    "table": "| a | b |\n|---|---|\n" + "\n".join(f"| {n} | b |" for n in range(300)),
    "list": "\n".join(f"{n}. item" for n in range(1, 400)),
    "quote": "\n>\n".join(f"> quoted {n}" for n in range(200)),
    "nested": "- a\n" + "\n".join(f"  - {n}" for n in range(300)),
}


def words(text: str) -> str:
    return "".join(text.split())


def test_pictures_have_a_good_length(typesetter: Typesetter) -> None:
    for name, text in LONG.items():
        pictures = [opened(data) for data in typesetter.pictures(job(text, most=100, height=1200, scale=0.5))]
        assert len(pictures) > 1, name
        assert all(each.height < 600 * 1.35 for each in pictures), (name, [each.height for each in pictures])
        first = 1 if name == "nested" else 0  # what stands over a long list within a list is alone on a picture
        assert all(each.height > 600 * 0.5 for each in pictures[first:-1]), (name, [each.height for each in pictures])


def test_a_side_that_rooms_like_is_kept_where_that_makes_few_pictures(typesetter: Typesetter) -> None:
    def heights(text: str, **more: Any) -> list[int]:
        given = job(text, most=100, height=2400, scale=1.5, width=600, **more)
        return [opened(data).height for data in typesetter.pictures(given)]

    some = LONG["paragraphs"][:3500]
    assert max(heights(some)) > 2560
    assert max(heights(some, side=2560)) <= 2560
    much = "\n\n".join([LONG["paragraphs"], LONG["code"], LONG["chinese"]] * 2)
    assert heights(much, side=2560) == heights(much)


def test_nothing_is_lost() -> None:
    for name, text in LONG.items():
        blocks = read(text)
        pages = Pager(50, 40).pages(blocks)
        said = "".join(words(write(page)) for page in pages)
        for word in ("Paragraph199", "line499", "x=399", "item", "quoted199", "b299", "299"):
            assert (word in words(write(blocks))) <= (word in said) or name in ("list", "table", "nested")
        if name in ("paragraphs", "one paragraph", "chinese", "lines", "one line of code", "code"):
            assert said == words(write(blocks)), name


def test_parts_go_on_where_the_others_ended() -> None:
    lists = [page[0] for page in Pager(50, 40).pages(read(LONG["list"]))]
    starts = [each.start for each in lists if isinstance(each, Listing)]
    lengths = [len(each.items) for each in lists if isinstance(each, Listing)]
    assert starts[:3] == [1, 1 + lengths[0], 1 + lengths[0] + lengths[1]]
    assert sum(lengths) == 399
    tables = [page[0] for page in Pager(50, 40).pages(read(LONG["table"]))]
    assert all(isinstance(each, Table) and len(each.header) == 2 for each in tables)
    codes = [page[0] for page in Pager(50, 40).pages(read(LONG["code"]))]
    assert all(isinstance(each, CodeBlock) and each.language == "python" for each in codes)
    assert all(isinstance(page[0], Quoted) for page in Pager(50, 40).pages(read(LONG["quote"])))


def test_a_title_stays_with_what_it_stands_over() -> None:
    text = "\n\n".join(["words"] * 23) + "\n\n# Title\n\n" + "\n\n".join(["more"] * 10)
    for page in Pager(50, 39).pages(read(text)):
        assert not isinstance(page[-1], Heading)


@settings(max_examples=50)
@given(st.text(max_size=3000), st.integers(10, 60), st.integers(10, 60))
def test_any_text_is_cut_without_loss(text: str, columns: int, most: int) -> None:
    blocks = (Paragraph(()), *read(text))
    pages = Pager(columns, most).pages(blocks)
    assert pages
    if not any(isinstance(each, Listing | Table | Quoted) for each in blocks):
        assert "".join(words(write(page)) for page in pages) == words(write(blocks))
