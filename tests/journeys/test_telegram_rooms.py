"""Groups, topics and channels of Telegram: who is answered where, and what happens besides messages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.fakes.telegram import ADMIN, ALICE, DATE, ME, OWNER, TOKEN, pressed, said, telegram
from tests.journeys.inside import inside, until
from tests.journeys.test_telegram import bot

FORUM = {"id": -1001234567890, "type": "supergroup", "title": "Forum", "is_forum": True}
CHANNEL = {"id": -1009999, "type": "channel", "title": "News"}
BOB = {"id": 20002, "is_bot": False, "first_name": "Bob", "username": "bob"}
CALLED = [{"type": "mention", "offset": 0, "length": 8}]


def heard(number: int, text: str = "", **more: Any) -> dict[str, Any]:
    """Bob writes in the forum, or a message there says that something happened."""
    update = said(text, number, **({"chat": FORUM, "from": BOB} | more))
    if not text:
        del update["message"]["text"]
    return update


async def test_a_topic_has_its_own_conversation_and_is_answered_there(tmp_path: Path) -> None:
    async with telegram() as fake, inside(tmp_path, bot(fake)) as hub:
        for number, topic in enumerate((5, 6, 5), 1):
            here = {"message_thread_id": topic, "is_topic_message": True}
            fake.push(heard(number, f"@hub_bot question {number}", entities=CALLED, **here))
            await until(lambda: len(fake.messages) == number)  # noqa: B023 - awaited at once
        asked = [each["content"] for each in hub.model.requests[-1].body["messages"] if each["role"] == "user"]
    assert [call["message_thread_id"] for call in fake.called("sendMessage")] == ["5", "6", "5"]
    assert asked == ["question 1", "question 3"]


async def test_what_a_person_chose_holds_in_all_topics_and_a_new_conversation_begins_in_one(tmp_path: Path) -> None:
    async with telegram() as fake, inside(tmp_path, bot(fake)) as hub:

        async def says(number: int, topic: int, text: str) -> list[str]:
            here = {"message_thread_id": topic, "is_topic_message": True}
            fake.push(heard(number, f"@hub_bot {text}", entities=CALLED, **here))
            await until(lambda: len(fake.messages) == number)
            return [each["content"] for each in hub.model.requests[-1].body["messages"]] if hub.model.requests else []

        await says(1, 5, "/prompt Answer in rhymes")
        assert (await says(2, 6, "one"))[0] == "Answer in rhymes"
        await says(3, 5, "two")
        await says(4, 5, "/new")
        assert "one" in await says(5, 6, "three")
        assert "two" not in await says(6, 5, "four")


async def test_a_channel_is_answered_where_the_bot_is_called(tmp_path: Path) -> None:
    def post(number: int, text: str, **more: Any) -> dict[str, Any]:
        message = said(text, number, chat=CHANNEL, sender_chat=CHANNEL, **more)["message"]
        return {"update_id": number, "channel_post": {name: message[name] for name in message if name != "from"}}

    async with telegram() as fake, inside(tmp_path, bot(fake)):
        fake.push(post(1, "news for all"))
        fake.push(post(2, "@hub_bot what is new?", entities=CALLED))
        await until(lambda: fake.messages)
    assert list(fake.messages.values()) == ["LLM-OK what is new?"]
    assert fake.called("sendMessage")[0]["chat_id"] == "-1009999"


async def test_who_answers_a_picture_shows_it_to_the_model(tmp_path: Path) -> None:
    size = {"file_id": "cat", "file_unique_id": "c", "width": 90, "height": 90}
    picture = heard(900, photo=[size])["message"]
    async with telegram() as fake, inside(tmp_path, bot(fake), model="vision = true\n") as hub:
        fake.files["cat"] = b"\xff\xd8\xff\xe0cat"
        fake.push(heard(1, "@hub_bot what is this?", entities=CALLED, reply_to_message=picture))
        await until(lambda: fake.messages)
        (asked,) = (each["content"] for each in hub.model.requests[-1].body["messages"] if each["role"] == "user")
    assert asked[0]["text"] == "what is this?"
    assert asked[1]["image_url"]["url"].startswith("data:image/jpeg;base64,")


async def test_who_comes_is_greeted_and_who_goes_is_missed(tmp_path: Path) -> None:
    manners = '[manners]\nwelcome = "{at}, be welcome!"\nfarewell = "{name} is gone."\n'
    async with telegram() as fake, inside(tmp_path, bot(fake) + manners):
        fake.push(heard(1, new_chat_members=[ME]))
        fake.push(heard(2, new_chat_members=[BOB, ALICE]))
        fake.push(heard(2, new_chat_members=[BOB, ALICE]))
        fake.push(heard(3, left_chat_member=BOB))
        await until(lambda: len(fake.messages) == 3)
        fake.push(heard(4, "/echo end"))
        await until(lambda: "end" in fake.messages.values())
    assert list(fake.messages.values()) == ["Bob, be welcome!", "Alice Ng, be welcome!", "Bob is gone.", "end"]
    assert "tg://user?id=20002" in fake.called("sendMessage")[0]["text"]


def request(number: int, bio: str = "") -> dict[str, Any]:
    asks = {"chat": FORUM, "from": BOB, "user_chat_id": 20002, "date": DATE} | ({"bio": bio} if bio else {})
    return {"update_id": number, "chat_join_request": asks}


@pytest.mark.parametrize(("policy", "verdict"), [("approve", "approved"), ("reject", "declined")])
async def test_who_asks_to_join_is_decided_on_by_policy(tmp_path: Path, policy: str, verdict: str) -> None:
    manners = f'[manners]\njoin_requests = "{policy}"\n'
    async with telegram() as fake, inside(tmp_path, bot(fake) + manners):
        fake.asking = {20002: ""}
        fake.push(request(1))
        await until(lambda: fake.asking[20002])
    assert fake.asking == {20002: verdict}


async def test_an_admin_decides_by_a_button_on_who_asks_to_join(tmp_path: Path) -> None:
    more = '[manners]\njoin_requests = "ask"\n[commands]\nadmins = ["telegram:20001"]\n'
    async with telegram() as fake, inside(tmp_path, bot(fake) + more):
        fake.asking = {20002: ""}
        fake.push(request(1, "a friend of Alice"))
        await until(lambda: fake.keyboards)
        ((number, ((let_in, _turn_away),)),) = fake.keyboards.items()
        assert "a friend of Alice" in fake.messages[number]
        fake.push(pressed(let_in["callback_data"], 2, number))
        await until(lambda: fake.asking[20002])
        await until(lambda: len(fake.messages) == 2)
    assert fake.asking == {20002: "approved"}
    assert not fake.refused


async def test_admins_are_called_and_who_calls_them_is_silenced(tmp_path: Path) -> None:
    """Unless it is one of them; bots among them are not called."""
    async with telegram() as fake, inside(tmp_path, bot(fake)):
        fake.admins = [OWNER, ADMIN]
        fake.push(heard(1, "/admin", **{"from": ALICE}))
        await until(lambda: len(fake.messages) == 1)
        assert not fake.restricted
        fake.push(heard(2, "/admin"))
        await until(lambda: len(fake.messages) == 2)
        fake.push(said("/admin", 3))
        await until(lambda: len(fake.messages) == 3)
    calls = [call["text"] for call in fake.called("sendMessage")]
    assert all('href="tg://user?id=20001"' in text and "id=10001" not in text for text in calls[:2])
    assert "group" in calls[2]
    (silence,) = fake.restricted
    assert silence["user_id"] == "20002"


async def test_who_dares_is_silenced_for_seconds_and_an_admin_is_not(tmp_path: Path) -> None:
    async with telegram() as fake, inside(tmp_path, bot(fake)):
        fake.admins = [OWNER]
        fake.push(heard(1, "/banme"))
        await until(lambda: fake.messages)
        assert [each["user_id"] for each in fake.restricted] == ["20002"]
        fake.restriction = "not enough rights to restrict/unrestrict chat member"
        fake.push(heard(2, "/banme", **{"from": BOB | {"language_code": "zh"}}))
        await until(lambda: len(fake.messages) == 2)
        assert len(fake.restricted) == 1


async def test_whoever_asks_is_told_what_telegram_says_of_them(tmp_path: Path) -> None:
    async with telegram() as fake, inside(tmp_path, bot(fake)):
        fake.push(heard(1, "/me"))
        await until(lambda: fake.messages)
        fake.push(said("/me", 2, **{"from": ALICE | {"language_code": "zh-hans"}}))
        await until(lambda: len(fake.messages) == 2)
    bob, alice = list(fake.messages.values())
    assert bob.split("\n")[:4] == ["ID: 20002", "Name: Bob", "User name: @bob", "Bot: no"]
    assert "用户名：-" in alice
    assert TOKEN not in alice
