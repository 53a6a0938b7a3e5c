"""Damaged callbacks by the thousand: refused without a word, in no time, and nothing of them is believed."""

from __future__ import annotations

import base64
import logging
import random
import time
from collections import Counter

import pytest

from hubbub.platforms.wecom.adapter import WeComAdapter
from hubbub.platforms.wecom.dev.company import AGENT, CORP
from hubbub.platforms.wecom.settings import WeComSettings
from tests.fakes.damage import MAKERS, Keys
from tests.fakes.platform_host import FakeHost
from tests.fakes.wechat import ask
from tests.fakes.wecom import AES_KEY, TOKEN

KEY = base64.b64decode(AES_KEY + "=")
UNREADABLE = ("bomb", "huge")
"""XML without what an event has: acknowledged, for no later try would be better, and told to the operator."""
log = logging.getLogger(__name__)


@pytest.mark.parametrize(
    "times",
    [
        pytest.param(400, id="some"),
        pytest.param(60_000, id="many", marks=(pytest.mark.slow, pytest.mark.timeout(3600))),
    ],
)
async def test_damaged_callbacks(times: int, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    host, keys = FakeHost(), Keys(TOKEN, KEY, CORP, plain=False)
    given = {"corp_id": CORP, "corp_secret": "s", "agent_id": AGENT, "token": TOKEN, "encoding_aes_key": AES_KEY}
    app = WeComAdapter(WeComSettings.model_validate(given), host.host).routes[0].app
    draw, slowest = random.Random("wecom"), 0.0
    statuses: Counter[int] = Counter()
    for number in range(times):
        request = MAKERS[number % len(MAKERS)](keys, draw)
        before, began = len(host.events), time.thread_time()
        status, answer = await ask(app, "POST", "/gpt", request.query, request.body)
        slowest = max(slowest, time.thread_time() - began)
        statuses[status] += 1
        assert status in (200, 403, 413), request
        assert answer == b"", request
        assert not request.hopeless or len(host.events) == before, request
        assert status != 200 or not request.hopeless or request.kind in UNREADABLE, request
    said = caplog.text
    assert not any(secret in said for secret in (TOKEN, AES_KEY, "passwd", "hello"))
    log.info("%d damaged callbacks, %s, slowest %.3f s of computing", times, dict(statuses), slowest)
    assert slowest < 1
