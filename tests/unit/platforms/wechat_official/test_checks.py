"""What the doctor finds about accounts, and the platform by hand."""

from __future__ import annotations

import io
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hubbub.core.messages import Text
from hubbub.core.upkeep import Finding
from hubbub.platforms.wechat_official import adapter as adapter_module
from hubbub.platforms.wechat_official.adapter import WeChatOfficialAdapter
from hubbub.platforms.wechat_official.checks import look
from hubbub.platforms.wechat_official.dev import hand
from hubbub.platforms.wechat_official.dev.server import Conduct, FakeOfficial
from hubbub.platforms.wechat_official.settings import WeChatOfficialSettings
from tests.fakes.platform_host import FakeHost
from tests.fakes.serving import serving
from tests.fakes.wechat import AES_KEY, TOKEN, official
from tests.unit.platforms.wechat_official.test_callback import Window

GIVEN = {"token": TOKEN, "app_id": Conduct.app_id, "app_secret": Conduct.secret, "encoding_aes_key": AES_KEY}


async def found(settings: WeChatOfficialSettings, public: str = "") -> dict[str, Finding]:
    return {each.name: each async for each in look(settings, {"public_url": public})}


@pytest.fixture
async def side() -> AsyncIterator[tuple[str, FakeOfficial]]:
    async with official() as made:
        yield made


async def test_all_is_well(side: tuple[str, FakeOfficial]) -> None:
    settings = WeChatOfficialSettings.model_validate(GIVEN | {"api_base": side[0]})
    adapter = WeChatOfficialAdapter(settings, FakeHost().host)
    async with serving(adapter.routes) as address:
        findings = await found(settings, f"http://{address}")
    assert {name: each.outcome for name, each in findings.items()} == {
        "WeChat": "ok",
        "account main": "ok",
        "callback main": "ok",
    }


async def test_without_a_public_address_the_local_one_is_looked_at(side: tuple[str, FakeOfficial]) -> None:
    settings = WeChatOfficialSettings.model_validate(GIVEN | {"api_base": side[0]})
    adapter = WeChatOfficialAdapter(settings, FakeHost().host)
    async with serving(adapter.routes) as address:
        server = {"host": "0.0.0.0", "port": int(address.rpartition(":")[2])}
        (there,) = [each async for each in look(settings, server) if each.name == "callback main"]
        (secured,) = [each async for each in look(settings, server | {"tls_cert": "x"}) if "callback" in each.name]
    (gone,) = [each async for each in look(settings, server) if each.name == "callback main"]
    assert (there.outcome, there.text) == ("warn", f"http://{address}/wechat answers as WeChat wants it")
    assert "public_url" in there.remedy
    assert (gone.outcome, secured.text) == ("warn", "not looked at: nobody said where the hub is reached")
    assert "not reached" in gone.text


async def test_what_is_wrong_is_said(side: tuple[str, FakeOfficial]) -> None:
    url, fake = side
    fake.conduct.addresses = ("203.0.113.9",)
    settings = WeChatOfficialSettings.model_validate(GIVEN | {"api_base": url})
    findings = await found(settings, "http://127.0.0.1:9")
    assert findings["account main"].outcome == findings["callback main"].outcome == "fail"
    assert "allow-list" in findings["account main"].text
    assert (await found(settings))["callback"].outcome == "warn"
    another = WeChatOfficialSettings.model_validate({"token": "another", "api_base": url})
    async with serving(WeChatOfficialAdapter(settings, FakeHost().host).routes) as address:
        assert (await found(another, f"http://{address}"))["callback main"].outcome == "fail"


@pytest.mark.parametrize("key", ["", AES_KEY])
async def test_the_platform_by_hand(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], key: str
) -> None:
    window = Window()
    window.message = (Text("hello back"),)
    settings = WeChatOfficialSettings.model_validate(GIVEN | {"greeting": "welcome"})
    adapter = WeChatOfficialAdapter(settings, FakeHost(window=window).host)
    monkeypatch.setattr(sys, "stdin", io.StringIO("hello\n/event subscribe\n\n"))
    async with serving(adapter.routes) as address:
        words = ["--url", f"http://{address}/wechat", "--token", TOKEN, "--aes-key", key]
        await hand._talk(hand._options().parse_args(words))
    shown = capsys.readouterr().out
    assert "hello back\n" in shown
    assert "welcome\n" in shown


def test_every_file_is_listed_in_the_readme() -> None:
    folder = Path(adapter_module.__file__).parent
    readme = (folder / "README.md").read_text(encoding="utf-8")
    assert not [path.name for path in folder.glob("*.py") if f"`{path.name}`" not in readme and path.stem != "__init__"]
