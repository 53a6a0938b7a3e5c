"""What admins do: users, broadcast, deliveries, reload; over a real store."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from hubbub.commands.access.rules import AccessRules
from hubbub.core.capabilities import Capabilities, Delivery
from hubbub.core.errors import DeliveryError
from hubbub.core.messages import text_of
from hubbub.core.turns import ChatRequest, Delta, Usage
from tests.unit.commands.hub import Models, Person, Setting, World, world

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.fakes.scripted import Script

RULES = AccessRules(admins=frozenset({"fake:boss"}))


def echoing(request: ChatRequest) -> Script:
    usage = Usage(prompt_tokens=10, completion_tokens=5)
    return [Delta(f"re: {request.turns[-1].content}", finish="stop", model="m-1", usage=usage)]


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path, Setting(access=RULES), Models(echoing)) as made:
        yield made


async def confirmed(person: Person, command: str) -> str:
    said = await person.reads(command)
    found = re.search(r"send (\S+ \w+) within 5 minutes", said)
    assert found, said
    return found[1]


async def test_users_are_listed_with_what_they_used(hub: World) -> None:
    boss = hub.person("boss")
    assert await boss.reads("/users") == "Nobody has written yet."
    await hub.person().reads("one")
    await hub.person("bob", "other").reads("one")
    await hub.person().reads("two")
    lines = (await boss.reads("/users")).split("\n")
    assert lines[0] == "Who wrote to the bot:"
    assert re.fullmatch(r"fake:private:ann: \d{4}-\d\d-\d\d \d\d:\d\d, 2 messages, 30 tokens", lines[1])
    assert re.fullmatch(r"other:private:bob: .*, 1 messages, 15 tokens", lines[2])
    assert len((await boss.reads("/users 1")).split("\n")) == 2


async def test_who_only_gives_commands_is_known_too(hub: World) -> None:
    boss = hub.person("boss")
    await hub.person().reads("/help")
    await hub.member("dan").reads("/help")
    await hub.member("eve").sends("not for the bot", addressed=False)
    lines = (await boss.reads("/users")).split("\n")
    assert [line.partition(": ")[0] for line in lines[1:]] == ["fake:group:g1:dan", "fake:private:ann"]
    assert all(line.endswith(", 0 messages, 0 tokens") for line in lines[1:])
    assert (await boss.reads("/broadcast hello")).startswith("This goes to 1 people:")


async def test_a_broadcast_goes_to_everybody_once_confirmed(hub: World) -> None:
    boss = hub.person("boss")
    for person in (hub.person(), hub.person("bob", "other"), hub.person("eve"), hub.member("dan")):
        await person.reads("hello")
        await person.reads("again")
    await boss.reads("/block fake:eve")
    said = await boss.reads("/broadcast We are  back!")
    assert said.startswith("This goes to 2 people:\nWe are  back!\n")
    command = re.search(r"send (\S+ \w+) within", said)
    assert command
    rows = await boss.sends(command[1])
    told = {row.out.room.key: text_of(row.out.message) for row in rows}
    assert told == {
        "fake/me/private/boss": "It is on its way to 2 people.",
        "fake/me/private/ann": "We are  back!",
        "other/me/private/bob": "We are  back!",
    }
    assert len(rows) == 3
    assert "This goes to" in await boss.reads(command[1]), "the word does it once"


async def test_a_broadcast_reaches_nobody_where_the_hub_may_not_speak_first(tmp_path: Path) -> None:
    async with world(tmp_path, Setting(access=RULES), Models(echoing)) as hub:
        await hub.person("bob", "other").reads("hello")
        await hub.person().reads("hello")
        hub.platforms["other"].can = Capabilities(delivery=Delivery.WINDOW)
        assert (await hub.person("boss").reads("/broadcast hi")).startswith("This goes to 1 people")


async def test_whoever_was_forgotten_is_not_written_to(hub: World) -> None:
    ann, boss = hub.person(), hub.person("boss")
    await ann.reads("hello")
    await ann.reads(await confirmed(ann, "/forget"))
    assert (await boss.reads("/broadcast hi")).startswith("This goes to 0 people")


async def test_a_broadcast_needs_a_text(hub: World) -> None:
    assert await hub.person("boss").reads("/broadcast") == "Something is missing: /broadcast TEXT"


async def test_deliveries_in_doubt_are_listed_sent_again_and_dropped(hub: World) -> None:
    boss = hub.person("boss")
    assert await boss.reads("/deliveries") == "No message is in doubt."
    hub.platforms["fake"].faults = [
        DeliveryError("cut off", certain=False),
        DeliveryError("no such user", certain=True, permanent=True),
    ]
    ann = hub.person()
    await ann.sends("one")
    await ann.sends("two")
    lines = (await boss.reads("/deliveries")).split("\n")
    found = [re.fullmatch(r"(\d+) (\w+) [\d :-]+ fake/me/private/ann: re: (\w+)", line) for line in lines[:2]]
    assert [(each[2], each[3]) for each in found if each] == [("unknown", "one"), ("dead", "two")]
    assert lines[2].startswith("Send again (it may arrive twice): /deliveries retry N")
    assert found[0]
    assert found[1]
    rows = await boss.sends(f"/deliveries retry {found[0][1]}")
    assert sorted(text_of(row.out.message) for row in rows) == [f"{found[0][1]} is sent again.", "re: one"]
    assert await boss.reads(f"/投递 丢弃 {found[1][1]}") == f"{found[1][1]} is dropped."
    assert await boss.reads("/deliveries") == "No message is in doubt."
    for command in (f"/deliveries drop {found[1][1]}", "/deliveries retry 999"):
        assert "There is no message" in await boss.reads(command)
    assert await boss.reads("/deliveries drop x") == f"Please give a whole number from 1 to {2**63 - 1}."


async def test_reload_tells_what_came_of_it(hub: World) -> None:
    boss = hub.person("boss")
    assert await boss.reads("/reload") == "reads the settings again"
    assert hub.reloads == 1
    assert await hub.person().reads("/reload") == "You may not use /reload."
    assert hub.reloads == 1
