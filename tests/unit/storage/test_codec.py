"""What is stored reads back as what it was, or not at all."""

from __future__ import annotations

import dataclasses
import math
import typing
from typing import Any, get_args

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.core.addresses import Room
from hubbub.core.errors import Unstorable
from hubbub.core.events import Event, Received
from hubbub.core.identities import Author
from hubbub.core.messages import Forward, Media, Message, Node, Raw, Segment, Text
from hubbub.storage import codec

EVENTS = get_args(Event)
SEGMENTS = get_args(Segment)

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
whole = st.integers(-(2**63), 2**63 - 1)
finite = st.floats(allow_nan=False, allow_infinity=False)
plain = st.recursive(
    st.none() | st.booleans() | whole | finite | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
BY_TYPE: dict[Any, st.SearchStrategy[Any]] = {
    str: texts,
    bool: st.booleans(),
    int: whole,
    float: finite,
    dict[str, object]: st.dictionaries(texts, plain, max_size=3),
}


def of_type(hint: Any) -> st.SearchStrategy[Any]:
    """Any value that a field of this type may hold."""
    if hint in BY_TYPE:
        return BY_TYPE[hint]
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return st.deferred(lambda: any_of(hint))
    origin, parts = typing.get_origin(hint), get_args(hint)
    if origin is typing.Literal:
        return st.sampled_from(parts)
    if origin is tuple:
        return st.lists(of_type(parts[0]), max_size=2).map(tuple)
    return st.one_of([st.none() if part is type(None) else of_type(part) for part in parts])


def any_of(cls: type[Any]) -> st.SearchStrategy[Any]:
    hints = typing.get_type_hints(cls)
    return st.builds(cls, **{each.name: of_type(hints[each.name]) for each in dataclasses.fields(cls)})


# Bundles within bundles within bundles: not deeper, for they grow fast.
shallow = [any_of(cls) for cls in SEGMENTS if cls is not Forward]
messages: st.SearchStrategy[Any] = st.lists(st.one_of(shallow), max_size=4).map(tuple)
for _ in range(3):
    node = st.builds(Node, texts, texts, messages, texts)
    bundle = st.builds(Forward, st.lists(node, max_size=2).map(tuple), texts)
    messages = st.lists(st.one_of([*shallow, bundle]), max_size=3).map(tuple)
BY_TYPE[Message] = messages


@pytest.mark.hypothesis
@pytest.mark.parametrize("cls", EVENTS, ids=lambda cls: cls.__name__)
def test_every_kind_of_event_reads_back(cls: type[Any]) -> None:
    @given(any_of(cls))
    def check(event: Any) -> None:
        again = codec.decode_event(codec.encode(event))
        assert type(again) is cls
        assert again == event

    check()


@pytest.mark.hypothesis
@pytest.mark.parametrize("cls", SEGMENTS, ids=lambda cls: cls.__name__)
def test_every_kind_of_segment_reads_back(cls: type[Any]) -> None:
    strategy = bundle if cls is Forward else any_of(cls)

    @given(st.lists(strategy, min_size=1, max_size=2).map(tuple))
    def check(message: Message) -> None:
        again = codec.decode_message(codec.encode(message))
        assert again == message
        assert [type(segment) for segment in again] == [type(segment) for segment in message]

    check()


@given(messages)
def test_every_message_reads_back(message: Message) -> None:
    assert codec.decode_message(codec.encode(message)) == message


def received(message: Message | None = None, **more: Any) -> Received:
    message = (Text("hello"),) if message is None else message
    return Received("1", Room("t", "b", "group", "1"), Author("2"), message, 1.0, "3", **more)


@pytest.mark.parametrize("time", [math.nan, math.inf, -math.inf])
def test_a_number_that_json_does_not_know_is_no_loss_of_the_event(time: float) -> None:
    event = dataclasses.replace(received(), time=time)
    again = codec.decode_event(codec.encode(event))
    assert isinstance(again, Received)
    assert math.isnan(again.time)
    assert again.message == event.message


@pytest.mark.parametrize(
    "value",
    [
        (Text("half \ud83d"),),
        (Raw("t", "kind", {"big": 2**64}),),
        (Raw("t", "kind", {"set": {1}}),),
        (Raw("t", "kind", {1: 2}),),  # type: ignore[dict-item]  # what a careless adapter may pass
    ],
    ids=["half a character", "too big", "a set", "no name"],
)
def test_what_json_has_no_word_for_is_refused(value: Message) -> None:
    for each in (value, received(value)):
        with pytest.raises(Unstorable):
            codec.encode(each)


def nested(depth: int) -> Message:
    message: Message = (Text("inside"),)
    for _ in range(depth):
        message = (Text("beside"), Forward((Node("1", "a", message), Node("2", "b", ()))))
    return message


def test_bundles_are_stored_as_deep_as_they_can_be_read() -> None:
    deep = nested(30)
    assert codec.decode_message(codec.encode(deep)) == deep
    assert codec.decode_event(codec.encode(received(deep))) == received(deep)
    for too_deep in (nested(31), received(nested(31)), nested(1000)):
        with pytest.raises(Unstorable):
            codec.encode(too_deep)


def test_the_word_forward_is_no_bundle() -> None:
    message = (Text('"forward"' * 100),)
    assert codec.decode_message(codec.encode(message)) == message


def test_fields_that_a_newer_version_added_are_passed_over() -> None:
    stored = orjson.loads(codec.encode(received()))
    stored["new"] = 1
    stored["author"]["new"] = 2
    assert codec.decode_event(orjson.dumps(stored)) == received()


def test_fields_that_an_older_version_lacked_have_their_defaults() -> None:
    stored = orjson.loads(codec.encode(received(locale="de")))
    del stored["locale"], stored["options"]
    assert codec.decode_event(orjson.dumps(stored)) == received()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b"1",
        b'"x"',
        b"{}",
        b'{"type":[]}',
        b'{"type":"nothing"}',
        b'{"type":"received"}',
        b"\xff",
    ],
)
def test_what_is_no_event_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        codec.decode_event(data)


@pytest.mark.parametrize("data", [b"", b"null", b"1", b'"text"', b"{}", b"[1]", b"[null]", b'[{"type":"text"}]'])
def test_what_is_no_message_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        codec.decode_message(data)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Ways to everything that is inside a JSON value, but for free-form data, where all is allowed."""
    found = [path] if path else []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        if key not in ("data", "options"):
            found += places(inner, (*path, key))
    return found


@given(st.one_of([any_of(cls) for cls in EVENTS]), st.data())
def test_damage_is_noticed_or_harmless(event: Any, data: st.DataObject) -> None:
    """A wrong value somewhere: either it is refused, or what is read is an event of the right types all the same."""
    stored = orjson.loads(codec.encode(event))
    *way, last = data.draw(st.sampled_from(places(stored)))
    inner = stored
    for step in way:
        inner = inner[step]
    inner[last] = data.draw(plain)
    try:
        again = codec.decode_event(orjson.dumps(stored))
    except ValueError:
        return
    check_types(again)


@given(st.one_of([any_of(cls) for cls in EVENTS]), st.data())
def test_a_cut_is_noticed(event: Any, data: st.DataObject) -> None:
    stored = codec.encode(event)
    with pytest.raises(ValueError, match=r"."):
        codec.decode_event(stored[: data.draw(st.integers(0, len(stored) - 1))])


def check_types(value: Any) -> None:
    """Every field of a dataclass holds what it says."""
    for name, hint in typing.get_type_hints(type(value)).items():
        assert fits(getattr(value, name), hint), f"{type(value).__name__}.{name} is {getattr(value, name)!r}"


def fits(value: Any, hint: Any) -> bool:
    origin, parts = typing.get_origin(hint), get_args(hint)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        check_types(value)
        return type(value) is hint
    if origin is typing.Literal:
        return value in parts
    if origin is tuple:
        return type(value) is tuple and all(fits(each, parts[0]) for each in value)
    if origin is dict:
        return type(value) is dict
    return any(fits(value, part) for part in parts) if parts else type(value) is hint


def test_a_text_of_others_is_kept_short_and_whole() -> None:
    assert codec.clean("broken \udc80 pipe") == "broken ? pipe"
    assert len(codec.clean("x" * 5000)) == 1000
    codec.check("fine", "你好 🎉")
    with pytest.raises(Unstorable):
        codec.check("fine", "half \ud83d")


def test_media_are_read_with_their_optional_size() -> None:
    for size in (None, 0, 7):
        stored = codec.encode(Media(url="https://example.org", size=size))
        assert orjson.loads(stored)["size"] == size
