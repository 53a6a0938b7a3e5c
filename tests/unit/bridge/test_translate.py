import time
from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.bridge.translate import fit
from hubbub.core.capabilities import Capabilities, LengthUnit
from hubbub.core.messages import (
    Audio,
    Button,
    Buttons,
    Contact,
    Face,
    File,
    Forward,
    Image,
    Link,
    Location,
    Media,
    Mention,
    Message,
    Node,
    Quote,
    Raw,
    Text,
    Video,
    text_of,
)
from hubbub.markup.split import size

BARE = Capabilities()
RICH = Capabilities(
    markdown="commonmark",
    mentions=True,
    quotes=True,
    images=True,
    files=True,
    audio=True,
    video=True,
    links=True,
    locations=True,
    contacts=True,
    forwards=True,
)
AT = Media(url="https://example.org/f", name="f.bin")


def words(messages: list[Message]) -> list[str]:
    return ["".join(segment.text for segment in message if isinstance(segment, Text)) for message in messages]


def test_a_short_plain_text_comes_back_as_it_is() -> None:
    message = (Text("hello"),)
    assert fit(message, BARE)[0] is message
    assert fit(message, replace(BARE, max_length=5))[0] is message


def test_markdown_becomes_plain_where_there_is_none() -> None:
    assert fit((Text("**hi** `x`"),), BARE) == [(Text("hi x", verbatim=True),)]
    assert fit((Text("**hi**"),), RICH) == [(Text("**hi**"),)]


def test_verbatim_text_is_shown_as_it_is() -> None:
    message = (Text("2*3*4 = **24** \\ `x`", verbatim=True),)
    assert fit(message, BARE) == [message]
    assert fit((*message, Mention("u", "Ann")), BARE) == [(Text("2*3*4 = **24** \\ `x`@Ann ", verbatim=True),)]


@pytest.mark.parametrize(
    ("segment", "stand_in"),
    [
        (Mention("u1", "Ann"), "@Ann "),
        (Mention("u1"), "@u1 "),
        (Mention("", everyone=True), "@all "),
        (Image(AT, "a cat"), "🖼 a cat https://example.org/f"),
        (Image(AT), "🖼 f.bin https://example.org/f"),
        (Image(Media(url="data:image/png;base64,AAAA")), "🖼"),
        (Image(Media(file_id="secret-handle"), "a cat"), "🖼 a cat"),
        (File(AT), "📎 f.bin https://example.org/f"),
        (Audio(AT), "🔊 f.bin https://example.org/f"),
        (Video(AT), "🎬 f.bin https://example.org/f"),
        (Link("https://example.org", "A page"), "🔗 A page\nhttps://example.org"),
        (Location(1.0, 2.0, "The Bund"), "📍 The Bund (1, 2)"),
        (Contact("Bob", ("110",)), "👤 Bob 110"),
        (Forward(id="x"), "[…]"),
    ],
)
def test_what_a_room_cannot_show_is_said_in_words(segment: Mention, stand_in: str) -> None:
    assert fit((segment,), BARE) == [(Text(stand_in, verbatim=True),)]


@pytest.mark.parametrize(
    "segment",
    [
        Mention("u1", "Ann"),
        Image(AT),
        File(AT),
        Audio(AT),
        Video(AT),
        Link("https://example.org", "A page"),
        Location(1.0, 2.0),
        Contact("Bob", ("110",)),
        Forward((Node("u", "Ann", (Text("x"),)),)),
    ],
)
def test_what_a_room_can_show_stays(segment: Mention) -> None:
    assert fit((segment,), RICH) == [(segment,)]


def test_a_quote_goes_where_there_is_none() -> None:
    assert words(fit((Quote("m1"), Text("yes")), BARE)) == ["yes"]
    assert fit((Quote("m1"), Text("yes")), RICH) == [(Quote("m1"), Text("yes"))]


@pytest.mark.parametrize("message", [(), (Quote("m1"),), (Text(" \n"),)])
def test_nothing_is_left_of_nothing(message: Message) -> None:
    assert fit(message, BARE) == []
    assert fit(message, RICH) == []


@pytest.mark.parametrize("segment", [Face("14", "smile"), Raw("test", "dice", {"n": 3})])
def test_what_only_the_platform_knows_is_left_to_it(segment: Face) -> None:
    assert fit((segment,), BARE) == [(segment,)]


def test_a_bundle_becomes_lines() -> None:
    inner = Forward((Node("u3", "", (Text("deep"),)),))
    bundle = Forward(
        (
            Node("u1", "Ann", (Quote("m0"), Mention("u2", "Bob"), Text("look"))),
            Node("u2", "Bob", (Image(AT, "a cat"), Text(" nice"))),
            Node("u3", "", (inner,)),
        )
    )
    said = "Ann: @Bob look\nBob: 🖼 a cat https://example.org/f nice\nu3: u3: deep"
    assert words(fit((bundle,), BARE)) == [said]
    (message,) = fit((bundle,), replace(BARE, images=True, mentions=True, quotes=True))
    assert [type(segment) for segment in message] == [Text, Image, Text]


def test_a_bundle_in_a_bundle_has_an_end() -> None:
    bundle = Forward()
    for _ in range(100):
        bundle = Forward((Node("u", "Ann", (bundle,)),))
    assert words(fit((bundle,), BARE)) == ["Ann: Ann: Ann: […]"]


def test_a_long_text_becomes_several_messages() -> None:
    caps = replace(BARE, max_length=20)
    assert words(fit((Text("one two three four five six seven"),), caps)) == ["one two three four", "five six seven"]


def test_the_quote_stays_with_the_first_and_a_picture_with_its_words() -> None:
    caps = replace(RICH, max_length=20)
    message = (Quote("m1"), Text("one two three four five six seven"), Image(AT), Text("eight"))
    first, second = fit(message, caps)
    assert first == (Quote("m1"), Text("one two three four"))
    assert second == (Text("five six seven"), Image(AT), Text("eight"))


def test_words_and_files_each_in_a_message_of_their_own() -> None:
    message = (Text("see"), Mention("u", "Ann"), Image(AT), Image(AT), Text(" \n"), Audio(AT), Text("heard"))
    apart = [(Text("see"), Mention("u", "Ann")), (Image(AT),), (Image(AT),), (Audio(AT),), (Text("heard"),)]
    assert fit(message, replace(RICH, apart=True)) == apart
    assert len(fit(message, RICH)) == 1


def test_files_that_the_hub_keeps_are_linked_to_where_they_cannot_be_shown() -> None:
    message = (Text("see"), Image(Media(url="hub:abc"), "a cat"))
    assert words(fit(message, BARE, "https://hub.example")) == ["see\n🖼 a cat https://hub.example/files/abc"]
    assert words(fit(message, BARE)) == ["see\n🖼 a cat"]
    assert fit(message, RICH, "https://hub.example") == [message]


def test_code_is_opened_again_only_where_there_is_markdown() -> None:
    text = "```\n" + "x = 1\n" * 10 + "```"
    for message in fit((Text(text),), replace(RICH, max_length=40)):
        (part,) = message
        assert isinstance(part, Text)
        assert part.text.startswith("```\n")
        assert part.text.endswith("\n```")
    assert "`" not in "".join(words(fit((Text(text),), replace(BARE, max_length=40))))
    verbatim = words(fit((Text(text, verbatim=True),), replace(RICH, max_length=40)))
    assert "\n".join(verbatim) == text


SEGMENTS = st.one_of(
    st.builds(Text, st.text(st.sampled_from("ab *_`[]()#>\n你😀\u0301"), max_size=120), st.booleans()),
    st.builds(Mention, st.just("u1"), st.sampled_from(["", "Ann"])),
    st.just(Image(AT, "a cat")),
    st.just(Quote("m1")),
    st.just(Link("https://example.org", "A page")),
    st.just(Forward((Node("u1", "Ann", (Text("look at *this*"), Image(AT))),))),
)
CAPS = st.builds(
    Capabilities,
    max_length=st.sampled_from([0, 30, 70, 2000]),
    length_unit=st.sampled_from(get_args(LengthUnit)),
    markdown=st.sampled_from(["none", "commonmark"]),
    mentions=st.booleans(),
    quotes=st.booleans(),
    images=st.booleans(),
    forwards=st.booleans(),
)


@given(st.lists(SEGMENTS, max_size=6).map(tuple), CAPS)
def test_every_message_fits_its_room(message: Message, caps: Capabilities) -> None:
    parts = fit(message, caps)
    for part in parts:
        assert part
        length = sum(size(segment.text, caps.length_unit) for segment in part if isinstance(segment, Text))
        assert not caps.max_length or length <= caps.max_length
        shown = {type(segment) for segment in part}
        assert caps.mentions or Mention not in shown
        assert caps.images or Image not in shown
        assert caps.quotes or Quote not in shown
        assert caps.forwards or Forward not in shown
        assert Link not in shown
    assert [again for part in parts for again in fit(part, caps)] == parts


def test_a_short_text_costs_next_to_nothing() -> None:
    """Target: 1 us; the bound leaves room for a machine under load."""
    message, caps = (Text("hello, how are you today?"),), replace(BARE, max_length=4000)
    times = []
    for _ in range(7):
        begin = time.perf_counter()
        for _ in range(1000):
            fit(message, caps)
        times.append((time.perf_counter() - begin) / 1000)
    assert min(times) < 5e-6


CHOICE = Buttons(((Button("Yes", "/yes"), Button("/no", "/no")), (Button("Help", url="https://e.org"),)))


def test_buttons_are_lines_of_text_where_there_are_none() -> None:
    assert words(fit((Text("Sure?"), CHOICE), BARE)) == ["Sure?\n› Yes: /yes\n› /no\n› Help: https://e.org"]
    assert fit((Text("Sure? Say /yes"), replace(CHOICE, told=True)), BARE) == [(Text("Sure? Say /yes", verbatim=True),)]


def test_so_many_buttons_as_the_room_can_have() -> None:
    assert fit((Text("Sure?"), CHOICE), replace(RICH, buttons=3)) == [(Text("Sure?"), CHOICE)]
    (message,) = fit((Text("Sure?"), CHOICE), replace(RICH, buttons=1))
    assert message[-1] == Buttons(((Button("Yes", "/yes"),),))
    assert words([message]) == ["Sure?\n› /no\n› Help: https://e.org"]


def test_buttons_stand_below_the_last_part() -> None:
    parts = fit((Text("word " * 60), CHOICE), replace(RICH, buttons=3, max_length=100))
    assert len(parts) > 1
    assert [any(isinstance(each, Buttons) for each in part) for part in parts] == [False] * (len(parts) - 1) + [True]


def test_nothing_can_be_pressed_in_a_bundle() -> None:
    bundle = Forward((Node("1", "Ann", (Text("pick"), CHOICE)),))
    assert words(fit((bundle,), BARE)) == ["Ann: pick"]


def test_a_long_text_may_go_out_as_a_bundle() -> None:
    caps = Capabilities(forwards=True, images=True, max_length=100, bundle_over=150)
    short, longer = "x" * 120, "y" * 40 + "\n" + "z" * 130
    assert fit((Text(short, verbatim=True),), caps) == [(Text("x" * 100, True),), (Text("x" * 20, True),)]
    ((bundle,),) = fit((Text(longer, verbatim=True), Image(AT, "a cat")), caps)
    assert isinstance(bundle, Forward)
    assert [len(text_of(node.message)) for node in bundle.nodes] == [100, 71]
    assert type(bundle.nodes[-1].message[-1]) is Image
    assert len(fit((Text(longer, verbatim=True),), replace(caps, forwards=False))) == 2
    assert len(fit((Text(longer, verbatim=True), CHOICE), replace(caps, buttons=9))) == 2


def test_what_stands_for_a_thing_has_a_line_of_its_own() -> None:
    message = (
        Text("look:"),
        Contact("Bob", ("110",)),
        Contact("Carol"),
        Text("both of them\n"),
        Image(AT),
        Text("yes"),
    )
    assert words(fit(message, BARE)) == [
        "look:\n👤 Bob 110\n👤 Carol\nboth of them\n🖼 f.bin https://example.org/f\nyes"
    ]
    assert words(fit((Text("look: "), Mention("u1", "Ann"), Text("yes")), BARE)) == ["look: @Ann yes"]
