"""Whether, and by which proxy, other machines are reached."""

from __future__ import annotations

from pathlib import Path

import pytest

from hubbub.app.models import LateModels
from hubbub.app.proxies import proxy_to
from hubbub.core.errors import ProviderError
from hubbub.core.turns import ChatRequest, Turn
from hubbub.settings import Server, load
from tests.fakes.model import FakeModel

PROXY = "http://proxy.example:3128"


@pytest.mark.parametrize(
    ("url", "proxy", "no_proxy", "way"),
    [
        ("https://api.example.com/v1", "", (), ""),
        ("https://api.example.com/v1", PROXY, (), PROXY),
        ("https://api.example.com/v1", "none", (), "none"),
        ("https://api.example.com/v1", PROXY, ("example.com",), "none"),
        ("https://api.example.com/v1", PROXY, (".example.com",), "none"),
        ("https://api.example.com/v1", "", ("api.example.com",), "none"),
        ("https://api.example.com/v1", PROXY, ("*",), "none"),
        ("https://notexample.com/v1", PROXY, ("example.com",), PROXY),
        ("http://127.0.0.1:11434/v1", PROXY, (), "none"),
        ("http://[::1]:11434/v1", PROXY, (), "none"),
        ("http://localhost:11434/v1", PROXY, (), "none"),
    ],
)
def test_the_way_to_an_address(url: str, proxy: str, no_proxy: tuple[str, ...], way: str) -> None:
    assert proxy_to(url, Server(proxy=proxy, no_proxy=no_proxy)) == way


@pytest.mark.parametrize(
    ("settings", "arrives"),
    [
        ('[server]\nproxy = "{proxy}"\n', True),
        ('[server]\nproxy = "{proxy}"\nno_proxy = ["model.invalid"]\n', False),
        ('[server]\nproxy = "http://127.0.0.1:1"\n[[models]]\nname = "m"\nid = "m"\n'
         'base_url = "http://model.invalid/v1"\nproxy = "{proxy}"\n', True),
    ],
)  # fmt: skip
async def test_models_are_asked_through_it(tmp_path: Path, settings: str, arrives: bool) -> None:
    async with FakeModel(prefix="http://model.invalid/v1") as fake:
        text = settings.format(proxy=f"http://127.0.0.1:{fake.port}")
        (tmp_path / "hubbub.toml").write_text(text, encoding="utf-8")
        one = {"OPENAI_BASE_URL": "http://model.invalid/v1", "OPENAI_API_KEY": "sk-1", "HUBBUB_MODEL": "m"}
        models = LateModels(load(environ=one, folder=tmp_path))
        await models.look("http://127.0.0.1:8080")
        try:
            pieces = [delta async for delta in models.stream(ChatRequest("", (Turn("user", "hello"),)))]
        except ProviderError:
            assert not arrives
        else:
            assert arrives
            assert pieces[0].content == "LLM-OK hello"
        finally:
            await models.close()
        assert bool(fake.count) == arrives
