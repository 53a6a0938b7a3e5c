"""Who may do what over a running hub: its API, a private bot, settings that are read again."""

from __future__ import annotations

import asyncio
import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from hubbub.api import local
from hubbub.core.work import State
from tests.journeys.inside import Inside, inside, until

if TYPE_CHECKING:
    from pathlib import Path

PRIVATE = '[access]\nmode = "pairing"\n'


async def as_admin(hub: Inside, folder: Path, text: str) -> str:
    """What the hub's own admin is answered, as the command line asks."""
    admin = local.read(folder / "data")
    assert admin is not None
    body = {"owner": "root", "text": text}
    headers = {"Authorization": f"Bearer {admin.token}"}
    async with hub.http.post("/api/v1/messages", json=body, headers=headers) as response:
        answer = await response.json()
        assert response.status == 200, answer
        return "\n".join(reply["text"] for reply in answer["replies"])


async def test_only_an_admins_token_makes_an_admin_over_the_api(tmp_path: Path) -> None:
    async with inside(tmp_path, '[commands]\nadmins = ["http:anna"]\n') as hub:
        assert "(user)" in await hub.told("/sid", owner="anna")
        assert await hub.told("/users", owner="anna") == "You may not use /users."
        assert "(owner)" in await as_admin(hub, tmp_path, "/sid")
        assert "anna: " in await as_admin(hub, tmp_path, "/users")
        nobody = {"owner": "hub:access", "text": "/forget"}
        async with hub.http.post("/api/v1/messages", json=nobody) as response:
            assert response.status == 403, "nobody is the hub itself"


async def test_a_private_bot_lets_in_whom_the_admin_confirms_over_the_api(tmp_path: Path) -> None:
    async with inside(tmp_path, PRIVATE) as hub, hub.peer() as people:
        people.say("hello")
        (said,) = await people.until_seen(1)
        code = re.search(r"\b[A-Z0-9]{6}\b", said)
        assert code
        people.say("/help")
        people.mention("hello", user=20002)
        assert "onebot:20001" in await as_admin(hub, tmp_path, f"/pair {code[0]}")
        seen = await people.until_seen(2)
        assert len(seen) == 2
        assert "let in" in seen[1]
        people.say("hello")
        await people.until_seen(3)
        assert len(hub.model.requests) == 1


async def test_a_stranger_who_is_let_in_on_the_page_is_told(tmp_path: Path) -> None:
    async with inside(tmp_path, PRIVATE) as hub, hub.peer() as people:
        people.say("hello")
        (said,) = await people.until_seen(1)
        code = re.search(r"\b[A-Z0-9]{6}\b", said)
        admin = local.read(tmp_path / "data")
        assert code
        assert admin is not None
        headers = {"Authorization": f"Bearer {admin.token}"}
        async with hub.http.post(f"/api/v1/pairing/{code[0]}", headers=headers) as response:
            assert (response.status, (await response.json())["person"]) == (200, "onebot:20001")
        assert "let in" in (await people.until_seen(2))[1]
        people.say("hello")
        await people.until_seen(3)
        assert len(hub.model.requests) == 1


async def test_settings_that_are_read_again(tmp_path: Path) -> None:
    async with inside(tmp_path) as hub:
        file = tmp_path / "hubbub.toml"
        before = file.read_text()
        assert await as_admin(hub, tmp_path, "/reload") == (
            "The settings are read; nothing changed that counts at once."
        )
        file.write_text(before.replace("[[models]]", "[chat]\ntemperature = 'hot'\n[[models]]"))
        said = await as_admin(hub, tmp_path, "/reload")
        assert said.startswith("The settings are wrong, so all stays as it is:\n")
        assert "chat.temperature" in said
        await hub.told("hello")
        changed = "[dispatch]\naccepted = 5\n[limits]\nmessages_per_day = 2\n[chat]\nsystem_prompt = 'Be brief.'\n"
        file.write_text(changed + before + before.replace('"fake"', '"second"'))
        assert await as_admin(hub, tmp_path, "/reload") == (
            "The settings are read. Changed: models, chat, limits\nThis counts after a new start only: dispatch"
        )
        assert "second" in await hub.told("/model")
        await hub.told("hello")
        assert hub.model.requests[-1].body["messages"][0]["content"] == "Be brief."
        told = await hub.told("hello")
        assert re.fullmatch(r"You have asked 2 questions today, which is all; more in (\d+ h )?\d+ min\.", told)
        file.write_text(before)
        await as_admin(hub, tmp_path, "/reload")
        assert "second" not in await hub.told("/model")
        await hub.told("hello")
        assert hub.model.requests[-1].body["messages"][0]["content"] != "Be brief."


async def test_a_broadcast_reaches_people_of_a_platform(tmp_path: Path) -> None:
    async with inside(tmp_path) as hub, hub.peer() as people:
        people.say("hello", user=20001)
        people.say("hello", user=20002)
        people.mention("hello", user=20003)
        await people.until_seen(3)
        await hub.told("hello", owner="anna")
        said = await as_admin(hub, tmp_path, "/broadcast We are back")
        assert said.startswith("This goes to 2 people")
        word = re.search(r"send (/broadcast \w+) within", said)
        assert word
        assert await as_admin(hub, tmp_path, word[1]) == "It is on its way to 2 people."
        seen = await people.until_seen(5)
        assert seen[3:] == ["We are back"] * 2
        await until(lambda: not hub.hub.control.status().undelivered)
        assert not await hub.rows(State.UNKNOWN, State.DEAD, State.QUEUED)


async def test_an_export_comes_as_a_file_over_the_api(tmp_path: Path) -> None:
    async with inside(tmp_path) as hub:
        await hub.told("hello")
        answer = await hub.post("/export json")
        segments = [segment for reply in answer["replies"] for segment in reply["segments"]]
        (file,) = [segment for segment in segments if segment["type"] == "file"]
        async with hub.http.get(file["media"]["url"]) as response:
            assert response.status == 200
            assert "hello" in await response.text()
        assert file["media"]["name"].endswith(".json")


async def test_days_of_the_openai_door_are_those_of_the_hub(tmp_path: Path) -> None:
    """Somewhere it is another day than on this machine, whatever the hour."""
    for zone in ("Pacific/Kiritimati", "Etc/GMT+12"):
        folder = tmp_path / zone.replace("/", "-")
        folder.mkdir()
        async with inside(folder, f'[server]\ntimezone = "{zone}"\n') as hub:
            body = {"model": "default", "messages": [{"role": "user", "content": "hello"}]}
            async with hub.http.post("/v1/chat/completions", json=body) as response:
                assert response.status == 200, await response.text()
            days = {f"{datetime.now(ZoneInfo(zone)) - timedelta(seconds=late):%Y-%m-%d}" for late in (0, 120)}
            messages = 0
            async with asyncio.timeout(40):  # it is counted once the answer is given
                while not messages:
                    messages = sum([(await hub.hub.store.usage.spent("local", day, day)).messages for day in days])
                    await asyncio.sleep(0.01)
            assert messages == 1
