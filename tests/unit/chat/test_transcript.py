"""A bundle of messages as a model reads it."""

from __future__ import annotations

from hubbub.chat.transcript import LONGEST, transcript
from hubbub.core.messages import Contact, Forward, Image, Location, Media, Mention, Node, Text


def test_each_message_stands_on_its_lines_behind_its_author() -> None:
    inner = Forward((Node("3", "Cat", (Text("meow"),)),))
    bundle = Forward(
        (
            Node("1", "Anna", (Text("one\ntwo"), Image(Media(url="https://a.example/x.png"), alt="a cat"))),
            Node("2", "", (Mention("1", "Anna"), Text("yes"))),
            Node("1", "Anna", (inner,)),
            Node("1", "Anna", (Contact("Bob", ("110",)), Location(1.0, 2.0))),
        )
    )
    assert transcript(bundle).split("\n") == [
        "> Anna: one",
        "> two🖼 a cat",
        "> 2: @Anna yes",
        "> Anna:",
        "> > Cat: meow",
        "> Anna: 👤 Bob 110📍 (1, 2)",
    ]


def test_a_long_bundle_is_cut_and_an_unknown_one_is_nothing() -> None:
    bundle = Forward(tuple(Node("1", "Anna", (Text("x" * 900),)) for _ in range(50)))
    found = transcript(bundle)
    assert LONGEST - 1000 < len(found) <= LONGEST + 10
    assert found.endswith("[…]")
    assert transcript(Forward(id="a")) == ""


def test_bundles_in_one_another_end_somewhere() -> None:
    bundle = Forward((Node("1", "A", (Text("deep"),)),))
    for _ in range(20):
        bundle = Forward((Node("1", "A", (bundle,)),))
    assert len(transcript(bundle).split("\n")) == 3
