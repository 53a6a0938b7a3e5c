"""What operators do with the applications: the menu, the members, the doctor's look."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from email.utils import formatdate
from typing import Any

import pytest
from aiohttp import web

from hubbub.core.errors import DeliveryError
from hubbub.core.upkeep import Finding
from hubbub.platforms.wecom.adapter import WeComAdapter
from hubbub.platforms.wecom.checks import look
from hubbub.platforms.wecom.dev.company import AGENT, CORP, SECRET, Company
from hubbub.platforms.wecom.dev.server import wecom_api
from hubbub.platforms.wecom.settings import WeComSettings
from hubbub.platforms.wecom.tasks import MENU, list_members, make_menu
from tests.fakes.platform_host import FakeHost
from tests.fakes.serving import serving
from tests.fakes.wecom import AES_KEY, TOKEN


def settings(base: str, **more: Any) -> WeComSettings:
    known: dict[str, Any] = {
        "corp_id": CORP,
        "corp_secret": SECRET,
        "agent_id": AGENT,
        "token": TOKEN,
        "encoding_aes_key": AES_KEY,
        "api_base": base,
    }
    return WeComSettings(**known | more)


@pytest.fixture
def company() -> Company:
    return Company()


@pytest.fixture
async def base(company: Company) -> AsyncIterator[str]:
    async with wecom_api(company) as address:
        yield address


async def looked(found: WeComSettings, public: str = "") -> dict[str, Finding]:
    return {each.name: each async for each in look(found, {"public_url": public})}


async def test_the_menu_is_that_of_the_readme(base: str, company: Company) -> None:
    told: list[str] = []
    await make_menu(settings(base), told.append)
    assert company.menus == {AGENT: MENU}
    buttons = company.menus[AGENT]["button"][0]["sub_button"]
    assert [each["key"] for each in buttons] == ["@clear", "@export", "@help"]
    assert str(AGENT) in told[0]


async def test_a_refused_menu_is_told(base: str) -> None:
    with pytest.raises(DeliveryError, match="corp_secret"):
        await make_menu(settings(base, corp_secret="wrong"), print)


async def test_the_members_are_listed(base: str) -> None:
    told: list[str] = []
    await list_members(settings(base), told.append)
    assert told == [f"application {AGENT} 助手", "  lisi", "  zhangsan"]


async def test_all_is_well(base: str) -> None:
    found = settings(base)
    async with serving(WeComAdapter(found, FakeHost().host).routes) as address:
        looks = await looked(found, f"http://{address}")
    assert {each.outcome for each in looks.values()} == {"ok"}
    assert set(looks) == {"WeCom", f"application {AGENT}", "test page", f"callback {AGENT}"}


async def test_without_a_public_address_the_local_one_is_looked_at(base: str) -> None:
    found = settings(base)
    async with serving(WeComAdapter(found, FakeHost().host).routes) as address:
        server = {"host": "127.0.0.1", "port": int(address.rpartition(":")[2])}
        looks = {each.name: each async for each in look(found, server)}
    assert [looks[name].outcome for name in ("test page", f"callback {AGENT}")] == ["warn", "warn"]
    assert "says pong" in looks["test page"].text
    assert "public_url" in looks["test page"].remedy
    assert "callback" in {each.name async for each in look(found, server | {"tls_cert": "x"})}


async def test_another_key_at_the_callback_is_found(base: str) -> None:
    async with serving(WeComAdapter(settings(base), FakeHost().host).routes) as address:
        looks = await looked(settings(base, token="changed"), f"http://{address}")
    assert looks["test page"].outcome == "ok"
    assert looks[f"callback {AGENT}"].outcome == "fail"


async def test_what_is_not_reached_is_told(base: str, company: Company) -> None:
    company.trusted = False
    looks = await looked(settings(base), "http://127.0.0.1:9")
    assert "trusted addresses" in looks[f"application {AGENT}"].text
    assert looks["test page"].outcome == looks[f"callback {AGENT}"].outcome == "fail"
    gone = await looked(settings("http://127.0.0.1:9"))
    assert gone["WeCom"].outcome == "fail"
    assert gone["callback"].outcome == "warn"


async def test_nobody_who_sees_it_is_told(base: str, company: Company) -> None:
    company.members.clear()
    assert (await looked(settings(base)))[f"application {AGENT}"].outcome == "warn"


async def test_a_wrong_clock_is_told() -> None:
    async def late(request: web.Request) -> web.Response:
        return web.json_response({"errcode": 40013}, headers={"Date": formatdate(time.time() - 900, usegmt=True)})

    app = web.Application()
    app.router.add_get("/cgi-bin/gettoken", late)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    looks = await looked(settings(f"http://{host}:{port}"))
    await runner.cleanup()
    assert looks["WeCom"].outcome == "fail"
    assert "clock" in looks["WeCom"].text
