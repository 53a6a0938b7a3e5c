"""The hub's messages as OneBot's actions."""

from typing import Any

import pytest

from hubbub.core.addresses import Room
from hubbub.core.errors import DeliveryError
from hubbub.core.messages import (
    Audio,
    Face,
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
)
from hubbub.core.work import Outgoing
from hubbub.platforms.onebot.actions import file_of, number, send_call
from hubbub.platforms.onebot.settings import OneBotSettings
from tests.fakes.onebot_rules import Refused, check_call

GROUP = Room("onebot", "10001", "group", "30001")
PRIVATE = Room("onebot", "10001", "private", "20001")
TEMPORARY = Room("onebot", "10001", "temporary", "20001", "30001")
ARRAY, STRING, CARDS = OneBotSettings(), OneBotSettings(message_format="string"), OneBotSettings(cards=True)


def call(message: Message, room: Room = GROUP, settings: OneBotSettings = ARRAY, reply_to: str = "") -> Any:
    """The parameters, after the strictest implementation took the call."""
    action, params = send_call(Outgoing(room, message, reply_to), settings)
    check_call({"action": action, "params": params}, string=settings is STRING)
    return {"action": action, **params}


def test_where_it_goes() -> None:
    text = [{"type": "text", "data": {"text": "hi"}}]
    assert call((Text("hi"),)) == {"action": "send_group_msg", "group_id": 30001, "message": text}
    assert call((Text("hi"),), PRIVATE) == {"action": "send_private_msg", "user_id": 20001, "message": text}
    assert call((Text("hi"),), TEMPORARY) == {
        "action": "send_private_msg",
        "user_id": 20001,
        "group_id": 30001,
        "message": text,
    }


def test_words_are_not_read_as_codes() -> None:
    assert call((Text("[CQ:at,qq=all] & co"),), settings=STRING)["message"] == "&#91;CQ:at,qq=all&#93; &amp; co"
    assert call((Text("[CQ:at,qq=all]"),))["message"] == [{"type": "text", "data": {"text": "[CQ:at,qq=all]"}}]


def test_a_reply_stands_first_and_alone_is_nothing() -> None:
    assert call((Text("yes"),), reply_to="-5")["message"][0] == {"type": "reply", "data": {"id": "-5"}}
    assert call((Text("yes"), Quote("6")), reply_to="5")["message"] == [
        {"type": "reply", "data": {"id": "5"}},
        {"type": "text", "data": {"text": "yes"}},
    ]
    assert call((Quote("6"), Text("yes")), settings=STRING)["message"] == "[CQ:reply,id=6]yes"
    for nothing in ((), (Quote("5"),), (Text(""), Quote("5")), (Raw("elsewhere", "x", {}),)):
        with pytest.raises(DeliveryError) as caught:
            send_call(Outgoing(GROUP, nothing), STRING)
        assert caught.value.certain
        assert caught.value.permanent


def test_mentions_in_groups_and_in_private() -> None:
    assert call((Mention("20001"), Mention("", everyone=True)))["message"] == [
        {"type": "at", "data": {"qq": "20001"}},
        {"type": "at", "data": {"qq": "all"}},
    ]
    assert call((Mention("20001", "Alice"), Text("hi")), PRIVATE)["message"][0]["data"] == {"text": "@Alice "}


@pytest.mark.parametrize(
    ("media", "written"),
    [
        (Media(url="data:image/png;base64,aGk="), "base64://aGk="),
        (Media(url="https://example.org/a.png"), "https://example.org/a.png"),
        (Media(url="http://example.org/a.png", file_id="x"), "http://example.org/a.png"),
        (Media(file_id="0B38145AA44505000B38145AA4450500.png"), "0B38145AA44505000B38145AA4450500.png"),
    ],
)
def test_files(media: Media, written: str) -> None:
    assert file_of(media) == written


@pytest.mark.parametrize(
    "media",
    [
        Media(url="file:///etc/passwd"),
        Media(url="/etc/passwd"),
        Media(file_id="/etc/passwd"),
        Media(file_id="file:///etc/passwd"),
        Media(file_id="..\\..\\secret"),
        Media(file_id="C:secret"),
        Media(file_id=".."),
        Media(url="data:text/plain,hello"),
        Media(url="ftp://example.org/a"),
        Media(),
    ],
)
def test_a_path_is_never_sent(media: Media) -> None:
    for segment in (Image(media), Audio(media)):
        with pytest.raises(DeliveryError) as caught:
            send_call(Outgoing(GROUP, (segment,)), ARRAY)
        assert caught.value.permanent


def test_faces_of_elsewhere_are_words() -> None:
    assert call((Face("178"),))["message"] == [{"type": "face", "data": {"id": "178"}}]
    assert call((Face("CAACAgIAAx", "😀"),))["message"] == [{"type": "text", "data": {"text": "😀"}}]


def test_links_and_places_are_words_unless_cards_are_wanted() -> None:
    link, place = Link("https://example.org", "title"), Location(1.5, 2.5, "here", "there")
    assert call((link,))["message"] == [{"type": "text", "data": {"text": "title\nhttps://example.org"}}]
    assert call((place,))["message"] == [{"type": "text", "data": {"text": "📍 here, there (1.5, 2.5)"}}]
    assert call((link,), settings=CARDS)["message"][0]["type"] == "share"
    assert call((place,), settings=CARDS)["message"][0]["type"] == "location"


def test_a_bundle_is_an_action_of_its_own() -> None:
    bundle = Forward((Node("20001", "Alice", (Text("one"), Quote("5"))), Node("u@telegram", "Bob", (Text("two"),))))
    sent = call((bundle,))
    assert sent["action"] == "send_group_forward_msg"
    assert [node["data"]["user_id"] for node in sent["messages"]] == ["20001", "10001"]
    assert sent["messages"][0]["data"]["content"] == [{"type": "text", "data": {"text": "one"}}]
    assert sent["messages"][1]["data"]["name"] == sent["messages"][1]["data"]["nickname"] == "Bob"
    assert call((bundle,), PRIVATE)["action"] == "send_private_forward_msg"


def test_what_stands_beside_a_bundle_goes_into_it() -> None:
    sent = call((Text("look:"), Forward((Node("1", "a", (Text("x"),), "9"), Node("1", "a", (), "7"))), Text("end")))
    kinds = [node["data"].get("id") or node["data"]["content"][0]["data"]["text"] for node in sent["messages"]]
    assert kinds == ["look:", "x", "7", "end"]


def test_a_bundle_in_a_bundle() -> None:
    inner = Forward((Node("1", "a", (Text("deep"),)),))
    sent = call((Forward((Node("2", "b", (inner,)),)),))
    assert sent["messages"][0]["data"]["content"][0]["type"] == "node"


def test_a_raw_segment_goes_back_to_onebot_only() -> None:
    music = Raw("onebot", "music", {"type": "163", "id": "5"})
    assert call((music,))["message"] == [{"type": "music", "data": {"type": "163", "id": "5"}}]
    assert call((Text("x"), Raw("telegram", "sticker", {"a": 1})))["message"] == [
        {"type": "text", "data": {"text": "x"}}
    ]


@pytest.mark.parametrize(
    ("value", "written"), [("5", 5), ("-5", -5), ("abc", "abc"), ("9" * 30, "9" * 30), ("", ""), ("-", "-")]
)
def test_ids_are_numbers_where_they_can_be(value: str, written: int | str) -> None:
    assert number(value) == written


def test_the_strict_implementation_is_strict() -> None:
    for bad in (
        {"action": "send_msg_now", "params": {}},
        {"action": "send_group_msg", "params": {"group_id": "x", "message": [{"type": "text", "data": {"text": "a"}}]}},
        {"action": "send_group_msg", "params": {"group_id": 5, "message": []}},
        {"action": "send_group_msg", "params": {"group_id": 5, "message": [{"type": "text", "data": {"text": ""}}]}},
        {"action": "send_group_msg", "params": {"group_id": 5, "message": [{"type": "image", "data": {"file": "/a"}}]}},
        {"action": "send_group_msg", "params": {"group_id": 5, "message": "text"}},
        {"action": "delete_msg", "params": {"message_id": "5"}},
    ):
        with pytest.raises(Refused):
            check_call(bad)
