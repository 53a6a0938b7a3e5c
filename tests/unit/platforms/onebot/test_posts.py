"""Events by HTTP POST, and answers over the HTTP API."""

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from hubbub.core.addresses import Room
from hubbub.core.errors import DeliveryError
from hubbub.core.messages import Text
from hubbub.core.work import Outgoing, Row, State
from hubbub.platforms.onebot.adapter import OneBotAdapter
from hubbub.platforms.onebot.settings import OneBotSettings
from tests.fakes.onebot_peer import Conduct, OneBotPeer, answer, heartbeat, said
from tests.fakes.onebot_rules import Refused, check_call
from tests.fakes.platform_host import FakeHost
from tests.fakes.serving import serving

SECRET = "hush"
ROW = Row(1, Outgoing(Room("onebot", "10001", "private", "20001"), (Text("hi"),)), "k", State.SENDING)


class Poster:
    def __init__(self, adapter: OneBotAdapter, fake: FakeHost, address: str, client: aiohttp.ClientSession) -> None:
        self.adapter, self.fake, self.address, self.client = adapter, fake, address, client

    async def post(self, event: object, path: str = "/onebot/v11/http", **headers: str) -> tuple[int, str]:
        body = event if isinstance(event, bytes) else json.dumps(event).encode()
        sign = "sha1=" + hmac.new(SECRET.encode(), body, hashlib.sha1).hexdigest()
        named = {"X-Self-ID": "10001", "X-Signature": sign} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        sent = {name: value for name, value in named.items() if value}
        async with self.client.post(f"http://{self.address}{path}", data=body, headers=sent) as response:
            return response.status, await response.text()


@asynccontextmanager
async def poster(**settings: Any) -> AsyncIterator[Poster]:
    fake = FakeHost()
    values = {"http_secret": SECRET, "api_timeout_seconds": 0.5, "reconnect_seconds": 0.01} | settings
    adapter = OneBotAdapter(OneBotSettings.model_validate(values), fake.host)
    async with serving(adapter.routes) as address, aiohttp.ClientSession() as client:
        running = asyncio.create_task(adapter.run())
        try:
            yield Poster(adapter, fake, address, client)
        finally:
            running.cancel()
            await asyncio.wait((running,))


@pytest.mark.parametrize("path", ["/onebot/v11/http", "/onebot/v11/http/", "/onebot/v11/", "/onebot/v11"])
async def test_an_event_is_taken(path: str) -> None:
    async with poster() as it:
        assert await it.post(said("hi", 1), path) == (204, "")
        assert len(it.fake.events) == 1


async def test_it_is_acknowledged_when_it_is_stored() -> None:
    async with poster() as it:
        it.fake.hold = True
        posting = asyncio.create_task(it.post(said("hi", 1)))
        await it.fake.count(1)
        await asyncio.sleep(0.05)
        assert not posting.done()
        it.fake.commit()
        assert (await posting)[0] == 204


async def test_what_is_not_stored_is_not_acknowledged() -> None:
    async with poster() as it:
        it.fake.failing = 1
        assert (await it.post(said("hi", 1)))[0] == 503
        it.fake.overloaded = 1
        assert (await it.post(said("hi", 2)))[0] == 503
        assert (await it.post(said("hi", 1)))[0] == 204
        assert len(it.fake.keys) == 1


async def test_an_event_by_post_and_by_websocket_is_one() -> None:
    async with poster() as it:
        peer = await OneBotPeer().connect(f"ws://{it.address}/ws")
        event = said("hi", 1)
        assert (await it.post(event))[0] == 204
        peer.push(event)
        await it.fake.until(lambda: len(it.fake.offered) == 2)
        assert len(it.fake.events) == 1


async def test_without_a_secret_nothing_is_taken() -> None:
    async with poster(http_secret="") as it:
        status, reason = await it.post(said("hi", 1))
        assert status == 403
        assert "http_secret" in reason
        assert not it.fake.events


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"X_Signature": ""}, 401),
        ({"X_Signature": "sha1=0000000000000000000000000000000000000000"}, 403),
        ({"X_Signature": "sha1="}, 403),
        ({"X_Signature": "hush"}, 403),
        ({"X_Self_ID": "10002"}, 400),
    ],
)
async def test_what_is_not_signed_is_refused(headers: dict[str, str], status: int) -> None:
    async with poster() as it:
        assert (await it.post(said("hi", 1), **headers))[0] == status
        assert not it.fake.events


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"junk", 400),
        (b"[]", 400),
        (b"\xff", 400),
        (b"[" * 100_000, 400),
        (b'{"post_type":"message","self_id":10001}', 403),
        (b"x" * 200_000, 413),
    ],
)
async def test_junk_is_refused(body: bytes, status: int) -> None:
    async with poster(max_frame_bytes=150_000) as it:
        assert (await it.post(body))[0] == status
        assert (await it.post(said("hi", 1)))[0] == 204


async def test_old_events_are_refused() -> None:
    async with poster() as it:
        old = said("hi", 1) | {"time": int(time.time()) - 400}
        assert (await it.post(old))[0] == 403
        assert (await it.post(said("hi", 2) | {"time": int(time.time()) + 400}))[0] == 403
        assert (await it.post(said("hi", 3) | {"time": int(time.time()) - 200}))[0] == 204
    async with poster(http_window_seconds=0) as it:
        assert (await it.post(old))[0] == 204


async def test_what_is_no_event_for_anybody_is_taken_and_dropped() -> None:
    async with poster() as it:
        assert (await it.post(heartbeat(10001, 5000)))[0] == 204
        assert (await it.post(said("own", 1, user=10001)))[0] == 204
        assert (await it.post(said("hi", 2), X_Self_ID=""))[0] == 204
        assert len(it.fake.events) == 1


async def test_other_accounts_are_refused() -> None:
    async with poster(accounts=["10002"]) as it:
        assert (await it.post(said("hi", 1)))[0] == 403


# --- the HTTP API ---


@asynccontextmanager
async def http_api(conduct: Conduct, token: str = "", broken: dict[str, Any] | None = None) -> AsyncIterator[str]:
    async def handle(request: web.Request) -> web.StreamResponse:
        if broken:
            if "wait" in broken:
                await asyncio.sleep(broken["wait"])
            return web.Response(status=broken.get("status", 200), text=broken.get("text", ""))
        if token and request.headers.get("Authorization") != f"Bearer {token}":
            return web.Response(status=403)
        try:
            action, params = check_call({"action": request.match_info["action"], "params": await request.json()})
            return web.json_response(answer(conduct.perform(action, params), None))
        except Refused as refused:
            return web.json_response(answer(None, None, refused.retcode, str(refused)))

    app = web.Application()
    app.router.add_post("/{action}", handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


async def test_messages_go_out_over_http() -> None:
    conduct = Conduct()
    async with http_api(conduct, "t0ken") as url, poster(http_api_url=url, access_token="t0ken") as it:
        await it.fake.until(lambda: it.fake.up == {"10001": None})
        assert await it.adapter.send(ROW) == "5001"
        assert conduct.shown[0].text == "hi"
        await it.adapter.delete(ROW.out.room, "5001")
        assert conduct.deleted == [5001]
        with pytest.raises(DeliveryError) as caught:
            await it.adapter.delete(ROW.out.room, "7")
        assert caught.value.certain


async def test_a_websocket_is_preferred_to_http() -> None:
    over_http, over_socket = Conduct(), Conduct()
    async with http_api(over_http) as url, poster(http_api_url=url) as it:
        await it.fake.until(lambda: it.fake.up == {"10001": None})
        peer = await OneBotPeer(over_socket).connect(f"ws://{it.address}/ws")
        await asyncio.sleep(0.05)
        await it.adapter.send(ROW)
        assert (len(over_http.shown), len(over_socket.shown)) == (0, 1)
        peer.close()
        await peer.closed.wait()
        await asyncio.sleep(0.05)
        await it.adapter.send(ROW)
        assert (len(over_http.shown), len(over_socket.shown)) == (1, 1)


@pytest.mark.parametrize(
    ("broken", "certain", "permanent"),
    [
        ({"status": 403}, True, True),
        ({"status": 404}, True, True),
        ({"status": 429}, True, False),
        ({"status": 500}, False, False),
        ({"text": "junk"}, False, False),
        ({"wait": 1.0}, False, False),
    ],
)
async def test_faults_of_the_http_api(broken: dict[str, Any], certain: bool, permanent: bool) -> None:
    now: dict[str, Any] = {}
    async with http_api(Conduct(), broken=now) as url, poster(http_api_url=url) as it:
        await it.fake.until(lambda: it.fake.up == {"10001": None})
        now.update(broken)
        with pytest.raises(DeliveryError) as caught:
            await it.adapter.send(ROW)
        assert (caught.value.certain, caught.value.permanent) == (certain, permanent)


async def test_an_http_api_that_is_not_there_is_waited_for(unused_tcp_port: int) -> None:
    async with poster(http_api_url=f"http://127.0.0.1:{unused_tcp_port}") as it:
        await asyncio.sleep(0.1)
        assert it.fake.up == {}
        with pytest.raises(DeliveryError) as caught:
            await it.adapter.send(ROW)
        assert caught.value.certain
