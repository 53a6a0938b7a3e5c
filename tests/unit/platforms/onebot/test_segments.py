"""Segments of OneBot as the hub's: nothing raises, and nothing large or deep gets in."""

import time
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.core.messages import Face, Forward, Mention, Message, Quote, Raw, Text
from hubbub.platforms.onebot.actions import Style, write_message
from hubbub.platforms.onebot.cqcode import parse, write
from hubbub.platforms.onebot.segments import MAX_SEGMENTS, READERS, read_message

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)
KINDS = st.sampled_from([*READERS, "forward", "node", "dice", "xml"])
KEYS = st.sampled_from(
    ["text", "qq", "id", "file", "url", "data", "content", "lat", "lon", "type", "name", "user_id", "raw", "sender"]
)
SEGMENTS = st.fixed_dictionaries({"type": KINDS | JSON, "data": st.dictionaries(KEYS, JSON, max_size=5) | JSON})


def size(message: Message) -> int:
    inside = sum(size(node.message) for part in message if isinstance(part, Forward) for node in part.nodes)
    return len(message) + inside


@given(st.lists(SEGMENTS | JSON, max_size=6) | JSON)
def test_nothing_raises_and_everything_can_be_stored(value: Any) -> None:
    message = read_message(value)
    assert isinstance(message, tuple)
    orjson.dumps(message, option=orjson.OPT_NON_STR_KEYS)


ROUND = [
    [{"type": "text", "data": {"text": "a & [b], c"}}],
    [{"type": "at", "data": {"qq": "20001"}}, {"type": "text", "data": {"text": " hi"}}],
    [{"type": "at", "data": {"qq": "all"}}],
    [{"type": "face", "data": {"id": "178"}}],
    [{"type": "image", "data": {"file": "https://example.org/a.png"}}],
    [{"type": "image", "data": {"file": "base64://aGk=", "summary": "dot"}}],
    [{"type": "record", "data": {"file": "abc.amr"}}],
    [{"type": "video", "data": {"file": "https://example.org/a.mp4"}}],
    [{"type": "reply", "data": {"id": "-5"}}, {"type": "text", "data": {"text": "x"}}],
    [
        {
            "type": "share",
            "data": {"url": "https://e.org/?a=1,2", "title": "t", "content": "c", "image": "https://e.org/i"},
        }
    ],
    [{"type": "location", "data": {"lat": "39.5", "lon": "116.25", "title": "t", "content": "c"}}],
    [{"type": "music", "data": {"type": "163", "id": "28949129"}}],
    [{"type": "contact", "data": {"type": "qq", "id": "20001"}}],
    [{"type": "poke", "data": {"type": "126", "id": "2003"}}],
    [{"type": "dice", "data": {}}],
    [{"type": "rps", "data": {}}],
    [{"type": "xml", "data": {"data": "<?xml?>"}}],
    [{"type": "json", "data": {"data": '{"app":"x","meta":{}}'}}],
    [{"type": "forward", "data": {"id": "res"}}],
    [{"type": "unknown", "data": {"k": "v,[]&"}}],
]


@pytest.mark.parametrize("wire", ROUND, ids=lambda wire: wire[0]["type"])
def test_what_is_read_is_written_as_it_was(wire: list[dict[str, Any]]) -> None:
    style = Style(cards=True, account="10001")
    assert write_message(read_message(wire), style) == wire
    assert parse(write(write_message(read_message(write(wire)), style))) == wire


def test_a_market_face_goes_back_to_where_it_came_from() -> None:
    wire = {"type": "mface", "data": {"emoji_package_id": 231182, "emoji_id": "0f", "key": "a:b", "summary": "[赞]"}}
    message = read_message([wire])
    assert message == (Face("mface:231182:0f:a:b", "[赞]"),)
    assert write_message(message, Style()) == [wire]


def test_there_are_so_many_segments_and_no_more() -> None:
    message = read_message([{"type": "text", "data": {"text": "x"}}] * (MAX_SEGMENTS + 500))
    assert len(message) == MAX_SEGMENTS + 1
    assert message[-1] == Raw("onebot", "omitted", {"segments": 500})


def test_bundles_share_the_bound_of_their_message() -> None:
    words = [{"type": "text", "data": {"text": "x"}}] * 100
    nodes = [{"type": "node", "data": {"user_id": "1", "nickname": "a", "content": words}}] * 100
    message = read_message([{"type": "forward", "data": {"id": "1", "content": nodes}}] * 10)
    assert MAX_SEGMENTS * 0.9 < size(message) < MAX_SEGMENTS * 1.2


def test_bundles_in_bundles_end_somewhere() -> None:
    content: list[Any] = [{"type": "text", "data": {"text": "deepest"}}]
    for _ in range(100):
        content = [{"type": "forward", "data": {"content": [{"user_id": 1, "message": content}]}}]
    depth, message = 0, read_message(content)
    while message and isinstance(message[0], Forward) and message[0].nodes:
        depth, message = depth + 1, message[0].nodes[0].message
    assert 2 <= depth <= 6


@pytest.mark.parametrize(
    "data",
    [
        {"a": [[[[[[[[[[[[[[[[[[[["deep"]]]]]]]]]]]]]]]]]]]]},
        {"a": list(range(10_000))},
        {"a": "x" * 300_000},
        {"x" * 300_000: 1},
    ],
    ids=["deep", "wide", "long", "long key"],
)
def test_what_is_too_large_to_keep_is_not_kept(data: dict[str, Any]) -> None:
    assert read_message([{"type": "odd", "data": data}]) == (Raw("onebot", "odd", {"omitted": "too large"}),)


@pytest.mark.parametrize(
    "value",
    [
        [{"type": "json", "data": {"data": "[" * 1_000_000}}],
        [{"type": "json", "data": {"data": '{"meta":{' + ",".join(f'"{n}":{{}}' for n in range(50_000)) + "}}"}}],
        [{"type": "forward", "data": {"content": [{"message": "[CQ:face,id=1]" * 1000}] * 3000}}],
        [{"type": "text", "data": {"text": "x"}}] * 300_000,
        "[CQ:at,qq=1]" * 200_000,
    ],
    ids=["json", "meta", "forward", "segments", "codes"],
)
def test_large_input_is_quickly_done_with(value: Any) -> None:
    began = time.process_time()
    read_message(value)
    assert time.process_time() - began < 1.0


def test_a_message_that_is_no_message_is_empty() -> None:
    assert read_message(None) == ()
    assert read_message(5) == ()
    assert read_message("") == ()


def test_numbers_are_ids_too() -> None:
    assert read_message([{"type": "at", "data": {"qq": 5}}, {"type": "reply", "data": {"id": -7}}]) == (
        Mention("5"),
        Quote("-7"),
    )


def test_an_image_path_of_theirs_is_no_address_of_ours() -> None:
    (image,) = read_message([{"type": "image", "data": {"file": "/etc/passwd", "url": "file:///etc/passwd"}}])
    assert image.media.url == ""  # type: ignore[union-attr]
    assert read_message([{"type": "text", "data": {}}]) == (Raw("onebot", "text", {}),)
    assert read_message([{"type": "text", "data": {"text": 5}}]) == (Text("5"),)
