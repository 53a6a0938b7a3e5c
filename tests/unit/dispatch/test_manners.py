"""Who is mentioned at the beginning of an answer."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hubbub.core.addresses import Room, RoomKind
from hubbub.core.capabilities import Capabilities
from hubbub.core.events import Received
from hubbub.core.identities import Author
from hubbub.core.messages import Forward, Mention, Message, Text
from hubbub.dispatch.manners import mentioning

ABLE = Capabilities(mentions=True, quotes=True)
ANSWER: Message = (Text("yes"),)


def asked(kind: RoomKind = "group", author: str = "ann") -> Received:
    return Received("1", Room("fake", "me", kind, "g"), Author(author, "Ann"), (Text("?"),), 1.0, "m1")


def test_whoever_asked_in_a_group_is_mentioned() -> None:
    said = mentioning(ANSWER, asked(), ABLE, quoting=True)
    assert said == (Mention("ann", "Ann"), Text(" ", verbatim=True), *ANSWER)


@pytest.mark.parametrize(
    ("message", "event", "capabilities"),
    [
        (ANSWER, asked("private"), ABLE),
        (ANSWER, asked(author="anonymous:7"), ABLE),
        (ANSWER, asked(), replace(ABLE, mentions=False)),
        (ANSWER, asked(), replace(ABLE, quotes_call=True)),
        ((Forward(),), asked(), ABLE),
    ],
)
def test_nobody_is(message: Message, event: Received, capabilities: Capabilities) -> None:
    assert mentioning(message, event, capabilities, quoting=True) == message


def test_what_quotes_nobody_calls_nobody_by_that() -> None:
    assert len(mentioning(ANSWER, asked(), replace(ABLE, quotes_call=True), quoting=False)) == 3
