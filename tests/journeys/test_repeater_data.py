"""One owner's data from both sides: what is said on a platform is edited over HTTP, and the chat goes by it."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

from hubbub.app.importing_repeater import import_repeater
from hubbub.settings import load
from hubbub.storage.sqlite.store import SqliteStore
from tests.fakes.model import FakeModel
from tests.journeys.inside import Inside, inside, until

FIXTURES = Path(__file__).parents[1] / "fixtures" / "repeater"
OWNER = "onebot:group:1:2"


async def got(hub: Inside, path: str) -> Any:
    async with hub.http.get(path) as response:
        assert response.status == 200, await response.text()
        return await response.json() if response.content_type == "application/json" else await response.text()


async def posted(hub: Inside, path: str, **form: str) -> Any:
    async with hub.http.post(path, data=form) as response:
        assert response.status == 200, await response.text()
        return await response.json() if response.content_type == "application/json" else await response.text()


async def test_a_chat_in_a_group_is_seen_and_edited_over_http(tmp_path: Path) -> None:
    async with inside(tmp_path, "[repeater]\ncall_log = true\n") as hub, hub.peer() as people:
        people.mention("hello", user=2, group=1)
        await people.until_seen(1)
        people.mention("/sid", user=2, group=1)
        assert OWNER in (await people.until_seen(2))[1]
        units = await got(hub, f"/userdata/context/get/{OWNER}")
        assert [unit["content"] for unit in units] == ["hello", "LLM-OK hello"]
        assert OWNER in await got(hub, "/userdata/context/userlist")
        await posted(hub, f"/userdata/context/rewrite/{OWNER}", index="1", content="edited")
        await posted(hub, f"/userdata/prompt/set/{OWNER}", prompt="You are {botname} for {user_id}.")
        await posted(hub, f"/userdata/config/set/{OWNER}/float", key="temperature", value="0.25")
        people.mention("and now", user=2, group=1)
        await people.until_seen(3)
        body = hub.model.requests[-1].body
        assert body["temperature"] == 0.25
        assert [message["content"] for message in body["messages"]] == [
            f"You are Hubbub for {OWNER}.",
            "hello",
            "edited",
            "and now",
        ]
        people.mention("/changeSession work", user=2, group=1)
        await people.until_seen(4)
        assert await got(hub, f"/userdata/context/now_branch/{OWNER}") == "work"
        assert await got(hub, f"/userdata/context/branch/{OWNER}") == ["default"]
        calls = await got(hub, "/calllog")
        assert [call["user_id"] for call in calls] == [OWNER, OWNER]


async def test_edits_do_not_wait_for_an_answer_and_lose_nothing(tmp_path: Path) -> None:
    async with inside(tmp_path, reply="one two three four", gap_ms=700) as hub:
        asking = asyncio.create_task(posted(hub, "/chat/completion/u", message="slow", load_prompt="false"))
        await until(lambda: hub.model.in_flight)
        await posted(hub, "/userdata/prompt/set/u", prompt="P")
        assert await got(hub, "/userdata/context/get/u") == []
        assert not asking.done()
        await asking
        units = await got(hub, "/userdata/context/get/u")
        assert [unit["role"] for unit in units] == ["user", "assistant"]


async def test_an_installation_goes_on_after_its_import(tmp_path: Path) -> None:
    """Data, presets, names and models of another backend are what the hub answers with, without a setting."""
    async with FakeModel(check=False, reply="ok") as fake:
        installation = tmp_path / "repeater"
        shutil.copytree(FIXTURES / "userdata", installation / "data" / "userdata")
        shutil.copytree(FIXTURES / "PresetsPrompt", installation / "PresetsPrompt")
        (installation / "config").mkdir()
        model = {"Name": "Deepseek V3", "Id": "deepseek-chat", "Type": "chat"}
        services = [{"Name": "Fake", "ApiKeyEnv": "FAKE_KEY", "URL": fake.url, "models": [model]}]
        (installation / "config" / "apiconfig.json").write_text(json.dumps(services))
        shutil.copy(FIXTURES / "UserNicknameMapping.json", installation / "config")
        folder = tmp_path / "hub"
        folder.mkdir()
        settings = load(environ={}, folder=folder, options={"server.data_dir": folder / "data"})
        store = SqliteStore(settings.server.data_dir)
        await store.open()
        await import_repeater(settings, store, installation)
        await store.close()
        more = '[repeater]\npreset = "cat"\nbot_name = "Echo"\nmodel_type = "chat"\n'
        async with inside(folder, more) as hub:
            answer = await posted(
                hub, "/chat/completion/Group:1:2", message="hi {user_name}", user_name="Bob", model_type="chat"
            )
            assert (answer["content"], answer["model_type"]) == ("LLM-OK hi Bobby", "chat")
            answer = await posted(hub, "/chat/completion/u9", message="x", user_name="Z", model_type="Deepseek V3")
            assert (answer["model_name"], answer["model_id"]) == ("Deepseek V3", "deepseek-chat")
            assert fake.requests[-1].body["messages"][0]["content"] == "You are a cat called Echo."
            units = await got(hub, "/userdata/context/get/Group:1:2")
            assert [unit["content"] for unit in units] == ["work", "done", "hi Bobby", "LLM-OK hi Bobby"]
