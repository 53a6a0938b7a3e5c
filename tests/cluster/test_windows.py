"""A platform that comes for its answers may come to any gateway, also when the one it came to first is gone."""

from __future__ import annotations

from pathlib import Path

import aiohttp

from hubbub.platforms.wechat_official.dev.phone import Phone
from tests.cluster.hubs import hubs
from tests.fakes.wechat import TOKEN

_SECTION = "HUBBUB_PLATFORMS__WECHAT_OFFICIAL__"
THINKING = "这个问题有点难，助手还在思考中...\n\n回复“1”查看回复。"


async def test_retries_at_another_gateway(tmp_path: Path, dsn: str) -> None:
    environ = {f"{_SECTION}TOKEN": TOKEN, f"{_SECTION}REPLY_SECONDS": "0.75"}
    async with hubs(tmp_path, dsn, environ, first_ms=3000) as cluster, aiohttp.ClientSession() as client:
        await cluster.start("gateway", "gateway", "worker")

        def phone(name: str) -> Phone:
            return Phone(f"{cluster.url(name)}/wechat", TOKEN, client, scale=0.2, ahead=60.0)

        first, second = phone("gateway1"), phone("gateway2")
        body = first.message("anna", "text", Content="hello")
        assert await first.post(body) == (0, b"")
        cluster.kill("gateway1")
        text = (await second.deliver(body)).text
        while text == THINKING:
            text = (await second.say("anna", "1")).text
        assert text == "LLM-OK hello"
        assert second.checked(body, (await second.post(body))[1])["Content"] == "LLM-OK hello"
        assert len(cluster.model.requests) == 1, cluster.logs()
