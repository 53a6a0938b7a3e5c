"""Packages of other people add a platform, a provider and a skill: found by their entry points, no edit of ours."""

from __future__ import annotations

import asyncio
import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from hubbub.app import open_hub
from hubbub.core.errors import ConfigError
from hubbub.settings import load
from hubbub.settings.plugins import find_plugins, find_providers
from tests.fakes.model import FakeModel

PROVIDER = """
from hubbub.core.ports import ProviderPlugin
from hubbub.core.turns import Delta, ModelInfo

PLUGIN = ProviderPlugin(name="parrot", builder="parrot:Parrot")


class Parrot:
    def __init__(self, spec, host):
        self.name = spec.name
        host.folder.mkdir(parents=True, exist_ok=True)
        (host.folder / "parrot.txt").write_text(spec.id)

    async def stream(self, request):
        yield Delta(content="says " + request.turns[-1].content)
        yield Delta(finish="stop")

    async def models(self):
        return [ModelInfo(self.name, "parrot", "grey")]

    async def close(self):
        pass
"""
PLATFORM = '''
import asyncio
import json
from pathlib import Path

from pydantic import BaseModel, Field

from hubbub.core.addresses import Account, Room
from hubbub.core.capabilities import Capabilities
from hubbub.core.events import Received
from hubbub.core.identities import Author
from hubbub.core.messages import Text, text_of
from hubbub.core.ports import PlatformPlugin


class Settings(BaseModel):
    """Pigeons."""

    loft: str = Field("", description="Where they live.")


PLUGIN = PlatformPlugin("pigeon", Settings, "pigeon:Pigeons", lambda settings, server: bool(settings.loft))


class Pigeons:
    name = "pigeon"
    routes = ()

    def __init__(self, settings, host):
        self.loft, self.host = Path(settings.loft), host

    def capabilities(self, room):
        return Capabilities()

    async def run(self):
        self.host.connected(Account("pigeon", "me"))
        room = Room("pigeon", "me", "private", "anna")
        await self.host.accept(Received("1", room, Author("anna"), (Text("coo"),), 1_700_000_000.0, "m1"))
        await asyncio.Event().wait()

    async def send(self, row):
        self.loft.write_text(text_of(row.out.message))
        return "p1"
'''

SKILL = """
from hubbub.core.ports import SkillPlugin
from hubbub.core.skills import SkillCard, SkillResult
from hubbub.core.turns import Tool


class Weather:
    card = SkillCard(Tool("weather", "Tells the weather.", {"type": "object", "properties": {}}), "tells the weather")

    def __init__(self, host):
        self.key = host.environ["WEATHER_KEY"]

    async def call(self, arguments, context):
        return SkillResult(f"sunny for {context.owner} by {self.key}")


PLUGIN = SkillPlugin("weather", Weather)
"""


class Packages:
    """A folder of installed packages, first on Python's path."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def add(self, name: str, group: str, code: str, value: str = "") -> None:
        (self._folder / f"{name}.py").write_text(code, encoding="utf-8")
        about = self._folder / f"hubbub_{name}-1.0.dist-info"
        about.mkdir()
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: hubbub-{name}\nVersion: 1.0\n", encoding="utf-8")
        (about / "entry_points.txt").write_text(f"[{group}]\n{name} = {value or name}\n", encoding="utf-8")
        importlib.invalidate_caches()


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Packages]:
    folder = tmp_path / "site-packages"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    before = set(sys.modules)
    yield Packages(folder)
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(folder)):
            del sys.modules[name]


async def test_a_message_of_their_platform_is_answered_by_their_model(packages: Packages, tmp_path: Path) -> None:
    packages.add("parrot", "hubbub.providers", PROVIDER, "parrot:PLUGIN")
    packages.add("pigeon", "hubbub.platforms", PLATFORM)
    loft = tmp_path / "loft"
    text = '[[models]]\nname = "bird"\nprovider = "parrot"\nid = "grey"\n[platforms.pigeon]\n'
    text += f"loft = {json.dumps(str(loft))}\n"
    (tmp_path / "hubbub.toml").write_text(text, encoding="utf-8")
    settings = load(environ={"HUBBUB_DATA_DIR": str(tmp_path / "data")}, folder=tmp_path)
    assert "pigeon" in {plugin.name for plugin in settings.enabled()}
    async with open_hub(settings, listen=False) as hub, asyncio.timeout(40):
        while not loft.exists() or not loft.read_text(encoding="utf-8"):
            await asyncio.sleep(0.01)
        assert [info.name for info in hub.models] == ["bird"]
    assert loft.read_text(encoding="utf-8") == "says coo"
    assert (tmp_path / "data" / "models" / "parrot.txt").read_text(encoding="utf-8") == "grey"


def test_without_the_package_the_provider_is_a_mistake_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "hubbub.toml").write_text('[[models]]\nname = "bird"\nprovider = "parrot"\n', encoding="utf-8")
    with pytest.raises(ConfigError) as raised:
        load(environ={}, folder=tmp_path)
    assert "hubbub.toml:3: models[1].provider: should be one of embedded, openai, not 'parrot'" in str(raised.value)


@pytest.mark.parametrize("group", ["hubbub.platforms", "hubbub.providers"])
@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("import nothing_of_that_name", "nothing_of_that_name"),
        ("PLUGIN = 5", "Plugin"),
        (None, "is taken"),
    ],
)
def test_a_package_that_does_not_fit_is_named(packages: Packages, group: str, code: str | None, told: str) -> None:
    taken = {"hubbub.platforms": PLATFORM.replace('"pigeon"', '"http"'), "hubbub.providers": PROVIDER}
    packages.add("wrong", group, code or taken[group].replace('name="parrot"', 'name="openai"'))
    with pytest.raises(ConfigError, match=told):
        find_plugins() if group == "hubbub.platforms" else find_providers()


def test_a_builder_that_is_not_there_is_told(packages: Packages, tmp_path: Path) -> None:
    packages.add("parrot", "hubbub.providers", PROVIDER.replace("parrot:Parrot", "parrot:Macaw"))
    (tmp_path / "hubbub.toml").write_text('[[models]]\nname = "bird"\nprovider = "parrot"\n', encoding="utf-8")
    settings = load(environ={"HUBBUB_DATA_DIR": str(tmp_path / "data")}, folder=tmp_path)

    async def reason() -> str:
        async with open_hub(settings, listen=False) as hub:
            await hub.late_models.known.wait()
            return hub.model_reason

    assert "there is no parrot:Macaw" in asyncio.run(reason())


async def test_a_model_uses_their_skill(packages: Packages, tmp_path: Path) -> None:
    packages.add("weather", "hubbub.skills", SKILL, "weather:PLUGIN")
    uses = [{"id": "c1", "name": "weather", "arguments": "{}"}]
    async with FakeModel(check=False, uses=uses) as fake:
        (tmp_path / "hubbub.toml").write_text(
            f'[skills]\non = ["weather"]\n[[models]]\nname = "m"\nid = "fake-model"\nbase_url = "{fake.url}"\n'
        )
        environ = {"HUBBUB_PORT": "0", "WEATHER_KEY": "sun"}
        settings = load(environ=environ, folder=tmp_path, options={"server.data_dir": tmp_path / "data"})
        body = {"owner": "anna", "text": "hi"}
        async with (
            open_hub(settings) as hub,
            aiohttp.ClientSession(hub.url) as http,
            http.post("/api/v1/messages", json=body) as response,
        ):
            said = (await response.json())["replies"][0]["text"]
    assert said.startswith("LLM-OK hi [sunny for ")
    assert "by sun" in said


@pytest.mark.parametrize(
    ("toml", "told"),
    [
        ('[skills]\non = ["wether"]\n', "'wether', which is no tool; there are: calculator, clock, image"),
        ('[skills]\non = ["image"]\n', "set painting.model"),
    ],
)
async def test_a_skill_that_is_not_there_is_said_at_the_start(tmp_path: Path, toml: str, told: str) -> None:
    (tmp_path / "hubbub.toml").write_text(toml)
    settings = load(environ={"HUBBUB_PORT": "0"}, folder=tmp_path, options={"server.data_dir": tmp_path / "data"})
    with pytest.raises(ConfigError, match=told):
        async with open_hub(settings):
            pass
