"""QQ's people and the bot: from a message on the wire to the answer that they see."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from hubbub.core.work import State
from tests.fakes.onebot_peer import Conduct, Fault
from tests.journeys.inside import inside, until

EVERYTHING = """
[rooms."onebot/*/group/901"]
trigger = ["always"]
[rooms."onebot/*/group/902"]
trigger = ["mention"]
words = ["Hubby"]
[rooms."onebot/*/group/903"]
trigger = ["always"]
shared = true
"""


def asked(texts: list[dict[str, str]]) -> list[str]:
    return [each["content"] for each in texts if each["role"] != "system"]


async def test_a_private_chat_is_answered_and_remembered(tmp_path: Path) -> None:
    async with inside(tmp_path) as hub, hub.peer() as people:
        people.say("hello")
        await people.until_seen(1)
        people.say("and again")
        assert await people.until_seen(2) == ["LLM-OK hello", "LLM-OK and again"]
        assert [shown.target for shown in people.peer.conduct.shown] == [20001, 20001]
        assert asked(hub.model.requests[-1].body["messages"]) == ["hello", "LLM-OK hello", "and again"]
        assert not people.peer.conduct.refused


async def test_a_conversation_goes_on_after_a_restart(tmp_path: Path) -> None:
    async with inside(tmp_path) as hub, hub.peer() as people:
        people.say("my name is Anna")
        await people.until_seen(1)
    async with inside(tmp_path) as hub, hub.peer() as people:
        people.number = 1
        people.say("who am I?")
        await people.until_seen(1)
        assert asked(hub.model.requests[-1].body["messages"])[0] == "my name is Anna"


async def test_in_a_group_the_rules_of_the_room_say_who_is_answered(tmp_path: Path) -> None:
    async with inside(tmp_path, EVERYTHING) as hub, hub.peer() as people:

        async def answer(text: object, group: int) -> str | None:
            before = len(people.seen)
            people.say(text, group=group)
            people.say("/echo mark", user=1)  # whatever comes before its echo came of the message
            await until(lambda: "mark" in people.seen[before:])
            await asyncio.sleep(0.05)
            found = [text for text in people.seen[before:] if text != "mark"]
            return found[0] if found else None

        at = {"type": "at", "data": {"qq": "10001"}}
        other = {"type": "at", "data": {"qq": "4711"}}
        text = {"type": "text", "data": {"text": " hi"}}
        assert await answer("hi", 900) is None
        assert await answer([other, text], 900) is None
        assert await answer([at, text], 900) == "LLM-OK hi"
        assert await answer("/echo yes", 900) == "yes"
        ours = people.peer.conduct.shown[-2].message_id
        assert await answer([{"type": "reply", "data": {"id": str(ours)}}, text], 900) is not None
        assert await answer([{"type": "reply", "data": {"id": "1"}}, text], 900) is None
        assert await answer("hi", 901) == "LLM-OK hi"
        assert await answer("/echo no", 902) is None
        assert await answer("hubby, hi", 902) == "LLM-OK hi"


async def test_members_have_conversations_of_their_own_unless_the_room_shares_one(tmp_path: Path) -> None:
    async with inside(tmp_path, EVERYTHING) as hub, hub.peer() as people:
        for count, (user, group) in enumerate([(1, 901), (2, 901), (1, 903), (2, 903)], 1):
            people.say(f"from {user}", user, group)
            await people.until_seen(count)
        before = [len(asked(request.body["messages"])) for request in hub.model.requests]
        assert before == [1, 1, 1, 3]


async def test_stop_ends_the_answer_and_the_next_message_works(tmp_path: Path) -> None:
    async with inside(tmp_path, first_ms=60_000) as hub, hub.peer() as people:
        people.say("a long story")
        await until(lambda: hub.model.in_flight)
        people.say("/stop")
        assert (await people.until_seen(1))[0] == "Stopped."
        await until(lambda: hub.model.aborted == 1)
        hub.model.behave(check=False)
        people.say("hello")
        assert (await people.until_seen(2))[-1] == "LLM-OK hello"


@pytest.mark.parametrize("group", [None, 901, 903], ids=["private", "group", "shared"])
async def test_a_message_taken_back_is_not_answered(tmp_path: Path, group: int | None) -> None:
    async with inside(tmp_path, EVERYTHING, first_ms=300) as hub, hub.peer() as people:
        people.say("first", group=group)
        second = people.say("second", group=group)
        people.say("third", group=group)
        await until(lambda: hub.model.in_flight)
        people.recall(second, group=group)
        assert [text.split()[-1] for text in await people.until_seen(2)] == ["first", "third"]
        assert hub.model.count == 2


async def test_a_message_taken_back_while_its_answer_is_made_ends_that(tmp_path: Path) -> None:
    async with inside(tmp_path, first_ms=60_000) as hub, hub.peer() as people:
        people.recall(people.say("never mind"))
        await until(lambda: not hub.model.in_flight and not (hub.hub.control.status().waiting))
        hub.model.behave(check=False)
        people.say("hello")
        assert await people.until_seen(1) == ["LLM-OK hello"]
        assert asked(hub.model.requests[-1].body["messages"]) == ["hello"]


async def test_an_answer_waits_for_the_connection(tmp_path: Path) -> None:
    conduct = Conduct()
    async with inside(tmp_path, first_ms=1000) as hub:
        async with hub.peer(conduct) as people:
            people.say("hello")
            await until(lambda: hub.model.in_flight)
            people.peer.cut()
        await until(lambda: not any(each.up for each in hub.hub.control.status().accounts if each.account == "10001"))
        assert hub.model.in_flight
        await until(lambda: not hub.hub.control.status().waiting)
        async with asyncio.timeout(40):  # it is tried at once, and then waits
            while [row.state for row in await hub.rows()] != [State.QUEUED]:
                await asyncio.sleep(0.005)
        async with hub.peer(conduct) as people:
            await people.until_seen(1)
            await until(lambda: not hub.hub.control.status().undelivered)
        assert [row.state for row in await hub.rows()] == [State.SENT]


async def test_what_may_have_arrived_is_listed_and_not_sent_twice(tmp_path: Path) -> None:
    conduct = Conduct()
    async with inside(tmp_path) as hub:
        async with hub.peer(conduct) as people:
            conduct.faults.append(Fault("drop"))
            people.say("/echo one")
            await people.until_seen(1)
        async with hub.peer(conduct) as people:
            await until(lambda: not hub.hub.control.status().undelivered)
            people.number = 1
            people.say("/echo two")
            assert await people.until_seen(2) == ["one", "two"]
            (doubt,) = await hub.rows(State.UNKNOWN)
            async with hub.http.post(f"/api/v1/deliveries/{doubt.id}/retry") as response:
                assert response.status == 401, "an admin's act"
            assert await hub.hub.control.resend(doubt.id)
            assert await people.until_seen(3) == ["one", "two", "one"]


async def test_many_messages_of_many_people_are_answered_once_and_in_order(tmp_path: Path) -> None:
    async with inside(tmp_path, first_ms=5) as hub, hub.peer() as people:
        for number in range(300):
            text = f"/echo {number}" if number % 3 else f"{number}"
            if number % 2:
                people.say(text, user=number % 7 + 1)
            else:
                people.mention(text, user=number % 7 + 1)
        seen = [int(text.rpartition(" ")[2]) for text in await people.until_seen(300)]
        await asyncio.sleep(0.05)
        assert sorted(seen) == list(range(300))
        for person in range(7):
            for side in (0, 1):
                mine = [number for number in seen if number % 7 == person and number % 2 == side]
                assert mine == sorted(mine)
        assert len(people.seen) == 300
