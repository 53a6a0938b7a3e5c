"""What an installation of the Repeater kept is taken once, told of whole, and nothing is overwritten."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hubbub.app.importing_repeater import import_repeater
from hubbub.conversations import preferences, prompts
from hubbub.conversations.units import units_of
from hubbub.core.calls import CallQuery
from hubbub.core.errors import StoreError
from hubbub.core.work import Append
from hubbub.settings import load
from hubbub.storage.sqlite.store import SqliteStore

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from hubbub.settings import Settings

FIXTURES = Path(__file__).parents[2] / "fixtures" / "repeater"
OWNER = "Group_1_2"


@pytest.fixture
def installation(tmp_path: Path) -> Path:
    folder = tmp_path / "repeater"
    shutil.copytree(FIXTURES / "userdata", folder / "data" / "userdata")
    shutil.copytree(FIXTURES / "PresetsPrompt", folder / "PresetsPrompt")
    (folder / "config").mkdir()
    for name in ("calllog.jsonl", "apiconfig.json", "UserNicknameMapping.json"):
        shutil.copy(FIXTURES / name, folder / "config" / name)
    return folder


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load(environ={"HUBBUB_DATA_DIR": str(tmp_path / "hub")})


@pytest.fixture
async def store(settings: Settings) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(settings.server.data_dir)
    await store.open()
    yield store
    await store.close()


async def contents(store: SqliteStore, name: str = "", owner: str = OWNER) -> list[object]:
    return [unit["content"] for unit in units_of(await store.conversations.branch(owner, "context", name))]


async def test_all_of_it_is_taken(settings: Settings, store: SqliteStore, installation: Path) -> None:
    done = await import_repeater(settings, store, installation)
    assert (done.users, done.contexts, done.prompts, done.configs, done.known) == (2, 4, 1, 1, 1)
    conversations = store.conversations
    assert units_of(await conversations.branch(OWNER, "context", "default")) == [
        {"role": "user", "content": "你好"},
        {"role": "assistant", "content": "Hello Bob **bold**", "reasoning_content": "think "},
    ]
    assert units_of(await conversations.branch(OWNER, "context")) == [
        {"role": "user", "content": "work", "name": "Bobby"},
        {"role": "assistant", "content": "done"},
    ]
    assert (await conversations.branch(OWNER, "context")).name == "工作"
    assert (await conversations.branch("u2", "context")).name == "b"
    assert await contents(store, "default", "u2") == ["hey"]
    assert await prompts.read(conversations, OWNER) == "You are {botname}."
    chosen = await preferences.read(conversations, OWNER)
    assert (chosen.timezone, chosen.parameters.temperature) == ("9", 0.5)
    assert dict(chosen.stored) == {"temperature": 0.5, "time_zone": 9.0, "load_memory": None}
    calls = await store.calls.find(CallQuery(owner=OWNER))
    assert [each.call.record["id"] for each in calls] == ["cid-1"]
    assert (done.calls, done.presets, done.files) == (2, 1, 2)
    assert (settings.server.data_dir / "presets" / "cat.txt").read_text() == "You are a cat called {botname}.\n"
    told = "\n".join(done.faults)
    for word in ("broken", "odd", "2 units are none", "calllog.jsonl:3", "calllog.jsonl:4", "notes.md"):
        assert word in told
    assert len(done.faults) == 6
    assert done.hints == [
        f"set {name} in .env: the key of models in apiconfig.json"
        for name in ("CHUTES_API_KEY", "DEEPSEEK_API_KEY", "OTHER_API_KEY")
    ]


async def test_a_second_time_doubles_nothing(settings: Settings, store: SqliteStore, installation: Path) -> None:
    await import_repeater(settings, store, installation)
    before = await everything(store)
    done = await import_repeater(settings, store, installation)
    assert (done.contexts, done.prompts, done.configs, done.known) == (0, 0, 0, 7)
    assert (done.calls, done.calls_known, done.presets, done.files) == (0, 2, 0, 0)
    assert await everything(store) == before


async def test_what_went_on_there_is_added_and_what_went_on_here_stays(
    settings: Settings, store: SqliteStore, installation: Path
) -> None:
    await import_repeater(settings, store, installation)
    file = installation / "data/userdata/Context_UserData/Group_1_2/ParallelData/default.json"
    longer = [*json.loads(file.read_text()), {"role": "user", "content": "more"}]
    file.write_text(json.dumps(longer))
    await store.conversations.change([Append(OWNER, "context", "工作", ({"role": "user", "content": "here"},))])
    done = await import_repeater(settings, store, installation)
    assert (done.contexts, done.known) == (1, 6)
    assert (await contents(store, "default"))[-1] == "more"
    assert await contents(store, "工作") == ["work", "done", "here"]


async def test_what_is_something_else_here_is_put_beside(
    settings: Settings, store: SqliteStore, installation: Path
) -> None:
    await store.conversations.change(
        [
            Append(OWNER, "context", "default", ({"role": "user", "content": "mine"},)),
            Append(OWNER, "prompt", "default", ("Mine",)),
        ]
    )
    for _ in range(2):
        await import_repeater(settings, store, installation)
        assert await contents(store, "default") == ["mine"]
        assert await contents(store, "default-imported") == ["你好", "Hello Bob **bold**"]
        assert await prompts.read(store.conversations, OWNER) == "Mine"
        found = await store.conversations.branches(OWNER, "context")
        assert sorted(each.name for each in found) == ["default", "default-imported", "工作"]


async def test_people_of_a_platform(settings: Settings, store: SqliteStore, installation: Path) -> None:
    """Where the settings say so, the ids of a group's people are those that the platform's own chat has."""
    told = settings.model_copy(update={"repeater": settings.repeater.model_copy(update={"platform": "far"})})
    await import_repeater(told, store, installation)
    assert await contents(store, "default", "far:group:1:2") == ["你好", "Hello Bob **bold**"]


async def test_the_folder_of_user_data_alone(settings: Settings, store: SqliteStore) -> None:
    done = await import_repeater(settings, store, FIXTURES / "userdata")
    assert (done.users, done.contexts, done.calls, done.presets) == (2, 4, 0, 0)


async def test_places_of_the_installation_are_in_its_env(
    settings: Settings, store: SqliteStore, installation: Path
) -> None:
    (installation / "config").rename(installation / "other")
    (installation / ".env").write_text("CALL_LOG_FILE_PATH=./other/calllog.jsonl\nDEEPSEEK_API_KEY=k\n")
    done = await import_repeater(settings, store, installation)
    assert (done.calls, done.files) == (2, 0)
    assert any(".env" in hint for hint in done.hints)


async def test_where_nothing_is(settings: Settings, store: SqliteStore, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="nothing of the Repeater"):
        await import_repeater(settings, store, tmp_path)
    with pytest.raises(StoreError, match="no such folder"):
        await import_repeater(settings, store, tmp_path / "nowhere")


async def test_files_of_ones_own_stay(settings: Settings, store: SqliteStore, installation: Path) -> None:
    own = settings.server.data_dir / "presets" / "cat.txt"
    own.parent.mkdir()
    own.write_text("Mine")
    (installation / "config" / "apiconfig.json").write_text('{"no": "list"}')
    (installation / "config" / "UserNicknameMapping.json").write_text("[1]")
    done = await import_repeater(settings, store, installation)
    assert own.read_text() == "Mine"
    assert (done.presets, done.files) == (0, 0)
    assert sum("cat.txt" in fault or "apiconfig" in fault or "Nickname" in fault for fault in done.faults) == 3


async def everything(store: SqliteStore) -> object:
    found: list[object] = []
    for kind in ("context", "prompt", "config"):
        for owner in await store.conversations.owners(kind):
            names = await store.conversations.branches(owner, kind)
            found += [await store.conversations.branch(owner, kind, each.name) for each in names]
    return found, await store.calls.find(CallQuery())
