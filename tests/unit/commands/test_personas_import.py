"""Lists of personas taken over in a chat and by the command line: for everybody, bounded, nothing doubled."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from hubbub.commands.access.rules import AccessRules
from hubbub.conversations import library, personas
from hubbub.core.messages import Button, Buttons, File, Media, Quote, Text
from hubbub.core.work import Append
from tests.fakes.platform_host import MemoryFiles
from tests.unit.commands.hub import EVERYTHING, Models, Setting, World, world

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    from hubbub.core.messages import Segment
    from tests.unit.commands.hub import Person

ACTS = [{"act": f"充当角色{number}", "prompt": f"我希望你充当角色{number}"} for number in range(124)]


def listed(acts: object) -> bytes:
    return json.dumps(acts, ensure_ascii=False).encode()


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[World]:
    rules = AccessRules(admins=frozenset({"fake:boss"}))
    setting = Setting(access=rules, capabilities=replace(EVERYTHING, buttons=40))
    async with world(tmp_path, setting, Models()) as made:
        made.road.use(replace(made.ways, means=replace(made.ways.means, files=MemoryFiles())))
        yield made


def sent(data: bytes, size: int | None = None) -> File:
    url = f"data:application/json;base64,{base64.b64encode(data).decode()}"
    return File(Media(url, name="prompts-zh.json", mime="application/json", size=size))


async def take(person: Person, data: bytes) -> str:
    return await person.reads((sent(data), Text("/persona import")))


class TestInAChat:
    async def test_an_admin_sends_a_list_for_everybody(self, hub: World) -> None:
        boss, ann = hub.person("boss"), hub.person("ann", "other")
        assert await take(boss, listed(ACTS)) == "124 personas are there now for everybody."
        told = await ann.reads("/persona")
        assert "Page 1 of 5, 124 personas" in told
        assert told.count("充当角色") == 30
        assert "充当角色99" in await ann.reads("/persona list 5")
        assert "4 of 5" in await ann.reads("/persona list 4")
        assert "5 of 5" in await ann.reads("/persona list 99")
        assert "我希望你充当角色7" in await ann.reads("/persona show 充当角色7")
        found = await ann.reads("/persona search 角色12")
        assert found.startswith("5 personas with")
        assert await ann.reads("/persona search nothing such") == "No persona with “nothing such”."
        await ann.reads("/persona use 充当角色7")
        await ann.reads("hello")
        assert "我希望你充当角色7" in str(hub.models.requests[-1])

    async def test_pages_are_turned_by_buttons(self, hub: World) -> None:
        boss = hub.person("boss")
        await take(boss, listed(ACTS))
        says = [button.says for button in _buttons(await boss.segments("/persona list 2"))]
        assert {"/persona list 1", "/persona list 3"} <= set(says)
        assert len(says) == 30
        assert "Page 3 of 5" in await boss.reads("/persona list 3")

    async def test_others_may_not(self, hub: World) -> None:
        assert "import" in await take(hub.person("ann"), listed(ACTS))
        assert not await library.names(hub.store.conversations)

    async def test_by_an_answer_to_the_file(self, hub: World) -> None:
        boss = hub.person("boss")
        await boss.sends((sent(listed(ACTS[:3])),))
        number = hub._run + "-" + str(int(hub.number().rpartition("-")[2]) - 1)
        assert "3 personas" in await boss.reads((Quote(f"m{number}"), Text("/persona import")))
        assert "Send a file" in await boss.reads("/persona import")
        assert "Send a file" in await boss.reads((Quote("nothing"), Text("/persona import")))

    async def test_from_an_address(self, hub: World) -> None:
        boss, data = hub.person("boss"), base64.b64encode(listed(ACTS[:2])).decode()
        assert "2 personas" in await boss.reads(f"/persona import data:application/json;base64,{data}")
        assert "cannot be had" in await boss.reads("/persona import hub:nothing")

    async def test_nothing_is_doubled(self, hub: World) -> None:
        boss = hub.person("boss")
        await take(boss, listed(ACTS[:2]))
        again = [*ACTS[:3], {"act": "充当角色0", "prompt": "another"}, {"act": "", "prompt": "x"}, {"prompt": "y"}, 5]
        told = await take(boss, listed(again))
        assert "2 personas are there now" in told
        assert "2 were there already" in told
        assert "充当角色0-2" in told
        assert "3 were left out, without a name or text, or too long: entries 5, 6, 7" in told
        assert "0 personas" in await take(boss, listed(again))
        assert await personas.read(hub.store.conversations, library.OWNER, "充当角色0-2") == "another"

    async def test_an_admin_takes_one_away(self, hub: World) -> None:
        boss, ann = hub.person("boss"), hub.person("ann")
        await take(boss, listed(ACTS[:2]))
        await ann.reads("/persona delete 充当角色0")
        assert len(await library.names(hub.store.conversations)) == 2
        await boss.reads("/persona delete 充当角色0")
        assert await library.names(hub.store.conversations) == ("充当角色1",)

    @pytest.mark.parametrize(
        ("data", "told"),
        [
            (b"no json", "no list"),
            (b'{"act": "a", "prompt": "b"}', "no list"),
            (b"[1, 2]", "no list"),
            (b"[" * 100_000, "no list"),
            (b"\xff\xfe", "no list"),
            (listed([{"act": "a", "prompt": "b"}] * 2001), "too large"),
            (b" " * (library.LARGEST + 1), "too large"),
        ],
    )
    async def test_what_is_none_is_told(self, hub: World, data: bytes, told: str) -> None:
        assert told in await take(hub.person("boss"), data)
        assert not await library.names(hub.store.conversations)

    async def test_what_is_too_large_is_not_even_fetched(self, hub: World) -> None:
        boss = hub.person("boss")
        message: Sequence[Segment] = (sent(b"[]", size=1 << 40), Text("/persona import"))
        assert "too large" in await boss.reads(tuple(message))
        gone = File(Media("hub:gone", name="x.json"))
        assert "cannot be had" in await boss.reads((gone, Text("/persona import")))


def test_names_are_made_fit() -> None:
    acts = [
        {"act": " .hidden\n name ", "prompt": " text "},
        {"act": "x" * 300, "prompt": "long"},
        {"act": "\ud800", "prompt": "half"},
        {"act": "y", "prompt": "z" * (library.LONGEST + 1)},
        {"act": "...", "prompt": "nothing left"},
    ]
    found = library.read(json.dumps(acts).encode())
    assert found.pairs == (("hidden name", "text"), ("x" * 94, "long"))
    assert found.left == ("3", "4 (y)", "5")


async def test_there_is_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "MOST", 5)
    async with world(tmp_path) as hub:
        conversations = hub.store.conversations
        await conversations.change((Append(library.OWNER, "prompt", ".persona.first", ("x",)),))
        taken = await library.take(conversations, library.Acts(tuple((f"n{number}", "t") for number in range(9))))
        assert (taken.new, taken.full) == (4, True)


def _buttons(found: Sequence[Segment]) -> list[Button]:
    return [button for each in found if type(each) is Buttons for row in each.rows for button in row]
