"""CQ codes: exact escaping both ways, nothing raises, and another reader of OneBot agrees."""

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nonebot.adapters.onebot.v11 import Message as Oracle

from hubbub.platforms.onebot.cqcode import escape_text, escape_value, parse, unescape_text, unescape_value, write

NAMES = st.text("abcdefghijklmnopqrstuvwxyzABCXYZ0123456789-_.", min_size=1, max_size=12)
VALUES = st.text(st.characters(exclude_categories=["Cs"]), max_size=40) | st.text("&[],;#=CQ:amp4913 \n", max_size=40)
CODES = st.fixed_dictionaries(
    {"type": NAMES.filter(lambda name: name != "text"), "data": st.dictionaries(NAMES, VALUES)}
)
WORDS = VALUES.filter(bool).map(lambda text: {"type": "text", "data": {"text": text}})


def merged(segments: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Words that stand side by side are one piece once they are written."""
    found: list[dict[str, Any]] = []
    for segment in segments:
        if found and found[-1]["type"] == segment["type"] == "text":
            found[-1] = {"type": "text", "data": {"text": found[-1]["data"]["text"] + segment["data"]["text"]}}
        else:
            found.append(segment)
    return found


MESSAGES = st.lists(WORDS | CODES, max_size=8).map(merged)


@given(MESSAGES)
def test_what_is_written_is_read_back(message: list[dict[str, Any]]) -> None:
    assert parse(write(message)) == message


@given(MESSAGES)
def test_another_reader_of_onebot_reads_the_same(message: list[dict[str, Any]]) -> None:
    seen = [{"type": segment.type, "data": segment.data} for segment in Oracle(write(message))]
    # The oracle cuts blanks at the beginning of a value's key, of which ours have none.
    assert seen == message


@given(st.text() | st.text("[]CQ:,=&;#at91 ", max_size=200))
def test_junk_is_words(text: str) -> None:
    segments = parse(text)
    assert all(set(segment) == {"type", "data"} for segment in segments)
    assert text == "" or segments


@given(st.text())
def test_escaping_is_undone(text: str) -> None:
    assert unescape_text(escape_text(text)) == text
    assert unescape_value(escape_value(text)) == text


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("- [x] 使用 `&data` 获取地址", "- &#91;x&#93; 使用 `&amp;data` 获取地址"),
        ("a,b", "a,b"),
        ("&amp;", "&amp;amp;"),
        ("&#91;", "&amp;#91;"),
    ],
)
def test_words_follow_the_rules_of_the_standard(text: str, escaped: str) -> None:
    assert escape_text(text) == escaped
    assert unescape_text(escaped) == text


@pytest.mark.parametrize(
    ("value", "escaped"),
    [
        ("震惊，小伙睡觉前居然...,", "震惊，小伙睡觉前居然...&#44;"),
        ("http://baidu.com/?a=1&b=[2]", "http://baidu.com/?a=1&amp;b=&#91;2&#93;"),
    ],
)
def test_values_follow_the_rules_of_the_standard(value: str, escaped: str) -> None:
    assert escape_value(value) == escaped
    assert unescape_value(escaped) == value


def test_a_comma_of_words_that_is_written_as_an_entity_stays_one() -> None:
    """Words have three entities, values four."""
    assert parse("a&#44;b") == [{"type": "text", "data": {"text": "a&#44;b"}}]
    assert parse("[CQ:x,k=a&#44;b]") == [{"type": "x", "data": {"k": "a,b"}}]


def test_the_examples_of_the_standard() -> None:
    assert parse("[CQ:face,id=178]看看我刚拍的照片[CQ:image,file=123.jpg]") == [
        {"type": "face", "data": {"id": "178"}},
        {"type": "text", "data": {"text": "看看我刚拍的照片"}},
        {"type": "image", "data": {"file": "123.jpg"}},
    ]
    assert parse("[CQ:shake]") == [{"type": "shake", "data": {}}]
    assert parse("[CQ:share,title=标题中有=等号,url=http://baidu.com]") == [
        {"type": "share", "data": {"title": "标题中有=等号", "url": "http://baidu.com"}}
    ]


def test_names_that_no_code_can_have_are_left_out() -> None:
    segments = [{"type": "a]b", "data": {}}, {"type": "x", "data": {"k,=": "v", "ok": 1, "no": None, "yes": True}}]
    assert write(segments) == "[CQ:x,ok=1,yes=1]"


def test_codes_beyond_the_limit_are_words() -> None:
    assert [segment["type"] for segment in parse("[CQ:a][CQ:b][CQ:c]", limit=2)] == ["a", "b", "text"]


@pytest.mark.parametrize("piece", ["[CQ:", "[CQ:a,b=", "[CQ:a,b=&#91;", "[", "]", "[CQ:a]", "[CQ:a,b=c,", "&amp;"])
def test_a_long_message_is_read_in_linear_time(piece: str) -> None:
    began = time.process_time()
    parse(piece * (2_000_000 // len(piece)))
    assert time.process_time() - began < 2.0
