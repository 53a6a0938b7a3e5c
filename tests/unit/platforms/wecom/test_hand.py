"""`hubbub dev fake-wecom`: what is typed reaches a hub, what it sends is shown."""

from __future__ import annotations

import asyncio
import io
import socket
import sys
from typing import Any

import pytest  # noqa: TC002 - as in every test

from hubbub.core.events import Noticed, Received
from hubbub.core.messages import text_of
from hubbub.platforms.wecom.adapter import WeComAdapter
from hubbub.platforms.wecom.dev.company import AGENT, CORP, SECRET, Company
from hubbub.platforms.wecom.dev.hand import AES_KEY, TOKEN, _show_message, main
from hubbub.platforms.wecom.settings import WeComSettings
from tests.fakes.platform_host import FakeHost
from tests.fakes.serving import serving


async def test_what_is_typed_reaches_the_hub(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    host = FakeHost()
    known: dict[str, Any] = {
        "corp_id": CORP,
        "corp_secret": SECRET,
        "agent_id": AGENT,
        "token": TOKEN,
        "encoding_aes_key": AES_KEY,
    }
    monkeypatch.setattr(sys, "stdin", io.StringIO("你好 <&>\n/event click @help\n/event enter_agent\n\n"))
    async with serving(WeComAdapter(WeComSettings(**known), host.host).routes) as address:
        code = await asyncio.to_thread(main, ["--url", f"http://{address}/gpt", "--port", "0"])
    assert code == 0
    first, second, third = host.events
    assert isinstance(first, Received)
    assert isinstance(second, Received)
    assert (text_of(first.message), text_of(second.message)) == ("你好 <&>", "@help")
    assert isinstance(third, Noticed)
    said = capsys.readouterr().out
    assert said.count("[HTTP 200]") == 3
    assert "HUBBUB_PLATFORMS__WECOM__API_BASE=http://127.0.0.1:" in said


def test_what_the_hub_sends_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    company = Company(seen=_show_message)
    company.send(AGENT, {"agentid": AGENT, "touser": "lisi", "msgtype": "text", "text": {"content": "hi"}})
    assert capsys.readouterr().out == "lisi <- [text] hi\n"


def test_a_port_that_is_taken_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert main(["--port", str(taken.getsockname()[1])]) == 1
    assert "--port takes another" in capsys.readouterr().err
