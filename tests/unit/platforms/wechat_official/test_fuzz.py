"""Damaged callbacks by the thousand: refused without a word, in no time, and nothing of them is believed."""

from __future__ import annotations

import base64
import logging
import random
import time
from collections import Counter

import pytest
from pydantic import SecretStr

from hubbub.core.events import Received
from hubbub.core.messages import Message, Text
from hubbub.core.windows import WindowTerms
from hubbub.platforms.wechat_official.adapter import WeChatOfficialAdapter
from hubbub.platforms.wechat_official.settings import WeChatOfficialSettings
from tests.fakes.damage import MAKERS, Keys
from tests.fakes.platform_host import FakeHost
from tests.fakes.wechat import AES_KEY, TOKEN, ask

APP = "wx0123456789abcdef"
KEY = base64.b64decode(AES_KEY + "=")
log = logging.getLogger(__name__)


class Window:
    """Says one word."""

    def __init__(self) -> None:
        self.asked = 0

    async def answer(self, event: Received, terms: WindowTerms) -> Message | None:
        self.asked += 1
        return (Text("told"),)


@pytest.mark.parametrize(
    "times",
    [
        pytest.param(400, id="some"),
        pytest.param(60_000, id="many", marks=(pytest.mark.slow, pytest.mark.timeout(3600))),
    ],
)
@pytest.mark.parametrize("mode", ["aes", "compatible"])
async def test_damaged_callbacks(mode: str, times: int, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    window, keys = Window(), Keys(TOKEN, KEY, APP, plain=mode != "aes")
    host = FakeHost(window=window)
    given = {"token": TOKEN, "encryption": mode, "app_id": APP, "encoding_aes_key": SecretStr(AES_KEY)}
    app = WeChatOfficialAdapter(WeChatOfficialSettings.model_validate(given), host.host).routes[0].app
    draw, slowest = random.Random(mode), 0.0
    statuses: Counter[int] = Counter()
    for number in range(times):
        request = MAKERS[number % len(MAKERS)](keys, draw)
        before, began = (window.asked, len(host.events)), time.thread_time()
        status, answer = await ask(app, "POST", "/wechat", request.query, request.body)
        slowest = max(slowest, time.thread_time() - began)
        statuses[status] += 1
        assert status in (200, 400, 403, 413, 414), request
        assert status == 200 or answer == b"", request
        assert TOKEN.encode() not in answer
        assert not request.hopeless or (status, window.asked, len(host.events)) == (status, *before), request
        assert status != 200 or not request.hopeless, request
    said = caplog.text
    assert not any(secret in said for secret in (TOKEN, AES_KEY, "passwd", "hello"))
    log.info("%s: %d damaged callbacks, %s, slowest %.3f s of computing", mode, times, dict(statuses), slowest)
    assert slowest < 1
