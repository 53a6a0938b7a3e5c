from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.bridge.triggers import DEFAULT, RoomRules, Triggers, is_for_bot, switched
from hubbub.core.addresses import Room
from hubbub.core.events import PRESSED, TAKES_PART, Received
from hubbub.core.identities import Author
from hubbub.core.messages import Image, Media, Mention, Message, Quote, Text

BOT = "100"
PRIVATE = Room("test", BOT, "private", "u1")
GROUP = Room("test", BOT, "group", "g1")
ME, ANN = Mention(BOT), Mention("u2", "Ann")


def received(*message: Text | Mention | Quote | Image, room: Room = GROUP, addressed: bool = False) -> Received:
    return Received("1", room, Author("u1"), message, 0.0, "m1", addressed=addressed)


ONLY = {
    "mention": RoomRules(reply=False, prefix=False),
    "reply": RoomRules(mention=False, prefix=False),
    "always": RoomRules(mention=False, reply=False, always=True),
    "word": RoomRules(mention=False, reply=False, words=("bot", "小助手")),
    "none": RoomRules(mention=False, reply=False),
}

CASES: list[tuple[Message, bool, set[str], str]] = [
    ((Text("hello"),), False, {"always"}, "hello"),
    ((ME, Text(" hello")), True, {"mention", "always"}, "hello"),
    ((Text("hello "), ME), True, {"mention", "always"}, "hello"),
    ((ME, Text(" hello")), False, {"mention", "always"}, "hello"),
    ((ANN, Text("hello")), False, {"always"}, "@Ann hello"),
    ((ME, Text(" ask "), ANN, Text("too")), True, {"mention", "always"}, "ask @Ann too"),
    ((Mention("", everyone=True), Text("hello")), False, {"always"}, "@all hello"),
    ((Quote("m0"), Text("why?")), True, {"reply", "always"}, "why?"),
    ((Quote("m0"), Text("why?")), False, {"always"}, "why?"),
    ((Quote("m0"), ME, Text(" why?")), True, {"mention", "always"}, "why?"),
    ((Text("/start"),), True, {"mention", "always"}, "/start"),
    ((Text("Bot, hello"),), False, {"word", "always"}, "hello"),
    ((Text(" bot hello"),), False, {"word", "always"}, "hello"),
    ((Text("小助手：你好"),), False, {"word", "always"}, "你好"),
    ((Text("小助手你好"),), False, {"word", "always"}, "你好"),
    ((Text("bottle"),), False, {"always"}, "bottle"),
    ((Text("the bot"),), False, {"always"}, "the bot"),
    ((Image(Media(file_id="x")),), False, {"always"}, ""),
]


@pytest.mark.parametrize("mode", ONLY)
@pytest.mark.parametrize(("message", "addressed", "modes", "text"), CASES)
def test_in_a_group_the_rules_decide(mode: str, message: Message, addressed: bool, modes: set[str], text: str) -> None:
    heard, words = is_for_bot(replace(received(), message=message, addressed=addressed), ONLY[mode])
    assert heard == (mode in modes)
    if heard:
        assert words == text or mode == "always"


@pytest.mark.parametrize("rules", [DEFAULT, ONLY["none"]])
@pytest.mark.parametrize("kind", ["private", "temporary"])
def test_in_private_all_is_for_the_bot(rules: RoomRules, kind: str) -> None:
    room = replace(PRIVATE, kind=kind)  # type: ignore[arg-type]
    assert is_for_bot(received(Text("  hello "), room=room), rules) == (True, "  hello ")
    assert is_for_bot(received(ME, Text(" hello"), room=room), rules) == (True, "hello")
    assert is_for_bot(received(room=room), rules) == (True, "")


def test_a_channel_is_as_a_group() -> None:
    channel = replace(GROUP, kind="channel")
    assert not is_for_bot(received(Text("hello"), room=channel), DEFAULT)[0]
    assert is_for_bot(received(ME, Text("hello"), room=channel), DEFAULT) == (True, "hello")


def test_a_mention_alone_is_for_the_bot() -> None:
    assert is_for_bot(received(ME), DEFAULT) == (True, "")


@given(st.text())
def test_a_lone_text_that_is_not_for_the_bot_is_left_alone(text: str) -> None:
    assert is_for_bot(received(Text(text)), DEFAULT) == (False, text)


def test_rules_by_room() -> None:
    loud, quiet = RoomRules(always=True), RoomRules(mention=False)
    triggers = Triggers([("test/*/group/g1", loud), ("test/*", quiet), ("*/group/g.2", loud)])
    assert triggers.rules(GROUP) is loud
    assert triggers.rules(replace(GROUP, id="g2")) is quiet
    assert triggers.rules(replace(GROUP, platform="other", id="g.2")) is loud
    assert triggers.rules(replace(GROUP, platform="other", id="gx2")) is DEFAULT
    assert triggers.rules(GROUP) is loud
    assert triggers.heard(received(Text("x"))) == (True, "x")
    assert Triggers().rules(GROUP) is DEFAULT


def test_rules_of_a_room_hold_in_its_threads_unless_there_are_such_before() -> None:
    loud, quiet = RoomRules(always=True), RoomRules(mention=False)
    thread = replace(GROUP, thread="t1")
    assert Triggers([("test/*/group/g1", loud), ("test/*", quiet)]).rules(thread) is loud
    apart = Triggers([("test/*/group/*/*", quiet), ("test/*/group/g1", loud)])
    assert (apart.rules(thread), apart.rules(GROUP)) == (quiet, loud)


@pytest.mark.parametrize(("shared", "owner"), [(False, "test:group:g1:u1"), (True, "test:group:g1")])
def test_whoever_owns_what_is_said_in_a_group_owns_what_is_said_in_its_threads(shared: bool, owner: str) -> None:
    triggers = Triggers(default=RoomRules(shared=shared))
    assert [triggers.owner_in(room, "u1") for room in (GROUP, replace(GROUP, thread="t1"))] == [owner, owner]


@pytest.mark.parametrize(("rules", "heard"), [(RoomRules(thread=True), True), (DEFAULT, False)])
def test_a_thread_goes_on_without_a_mention_where_that_is_set(rules: RoomRules, heard: bool) -> None:
    said = replace(received(Text("and then?")), options={TAKES_PART: True})
    assert is_for_bot(said, rules) == (heard, "and then?")
    assert not is_for_bot(replace(said, options={}), rules)[0]
    assert is_for_bot(said, switched(rules, "thread"))[0]
    for switch in ("mention", "reply", "prefix", "off"):
        assert not is_for_bot(said, switched(rules, switch))[0]


def test_the_memory_for_rules_is_bounded() -> None:
    triggers = Triggers([("test/*", RoomRules(always=True))])
    for number in range(25_000):
        triggers.rules(replace(GROUP, id=str(number)))
    assert len(triggers._found) <= 10_000


def test_owners() -> None:
    triggers = Triggers([("*/g2", RoomRules(shared=True))])
    assert triggers.owner(received(room=PRIVATE)) == "test:private:u1"
    assert triggers.owner(received()) == "test:group:g1:u1"
    assert triggers.owner(received(room=replace(GROUP, id="g2"))) == "test:group:g2"
    assert triggers.owner(replace(received(), owner="named")) == "named"
    everywhere = Triggers(default=RoomRules(shared=True))
    assert everywhere.owner(received(room=PRIVATE)) == "test:private:u1"
    assert everywhere.owner(received()) == "test:group:g1"


@pytest.mark.parametrize("switch", ["mention", "reply", "prefix", "always", "on", "word:vio"])
def test_a_press_of_a_button_is_for_the_bot(switch: str) -> None:
    press = replace(received(Quote("m0", BOT), Text("more")), options={PRESSED: True})
    assert is_for_bot(press, switched(DEFAULT, switch)) == (True, "more")
    assert is_for_bot(press, switched(DEFAULT, "off")) == (False, "more")


def test_private_chats_heed_rules_that_are_meant_for_them() -> None:
    commands = RoomRules(mention=False, reply=False)
    for private in (False, True):
        heard, _ = is_for_bot(received(Text("hi"), room=PRIVATE, addressed=True), replace(commands, private=private))
        assert heard is not private


def test_a_room_that_was_given_a_word() -> None:
    rules = switched(DEFAULT, "word:vio")
    assert is_for_bot(received(Text("vio, hello")), rules) == (True, "hello")
    assert is_for_bot(received(Text("hello")), rules)[0] is False
    assert is_for_bot(received(ME, Text("hello")), rules) == (True, "hello")
