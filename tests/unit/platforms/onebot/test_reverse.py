"""Reverse WebSocket over a real server: handshakes, roles, bounds, and what breaks."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import orjson
import pytest
from picows import WSHandshakeError, WSMsgType

from hubbub.core.addresses import Room
from hubbub.core.capabilities import Delivery
from hubbub.core.errors import DeliveryError
from hubbub.core.events import Deleted, Noticed, Received, Requested
from hubbub.core.messages import Text, text_of
from hubbub.core.work import Outgoing, Row, State
from hubbub.platforms.onebot.adapter import OneBotAdapter
from hubbub.platforms.onebot.settings import OneBotSettings
from tests.fakes.onebot_peer import Conduct, Fault, OneBotPeer, heartbeat, said
from tests.fakes.platform_host import FakeHost
from tests.fakes.serving import serving

PRIVATE = Room("onebot", "10001", "private", "20001")


class Hub:
    def __init__(self, adapter: OneBotAdapter, fake: FakeHost, address: str) -> None:
        self.adapter, self.fake, self.address = adapter, fake, address

    async def peer(self, path: str = "/onebot/v11/ws", conduct: Conduct | None = None, **how: Any) -> OneBotPeer:
        lifecycle = how.pop("lifecycle", True)
        return await OneBotPeer(conduct, lifecycle=lifecycle).connect(f"ws://{self.address}{path}", **how)

    async def up(self, account: str = "10001") -> None:
        await self.fake.until(lambda: self.fake.up.get(account, "") is None)

    async def down(self, account: str = "10001") -> None:
        await self.fake.until(lambda: bool(self.fake.up.get(account)))

    async def send(self, text: str = "hi", account: str = "10001") -> str:
        room = Room("onebot", account, "private", "20001")
        return await self.adapter.send(Row(1, Outgoing(room, (Text(text),)), "k", State.SENDING))


@asynccontextmanager
async def hub(server: dict[str, Any] | None = None, **settings: Any) -> AsyncIterator[Hub]:
    fake = FakeHost()
    adapter = OneBotAdapter(OneBotSettings.model_validate({"api_timeout_seconds": 0.5} | settings), fake.host)
    async with serving(adapter.routes, **(server or {})) as address:
        running = asyncio.create_task(adapter.run())
        try:
            yield Hub(adapter, fake, address)
        finally:
            running.cancel()
            await asyncio.wait((running,))


# --- handshake ---


@pytest.mark.parametrize(
    "path",
    ["/onebot/v11/ws", "/onebot/v11/ws/", "/onebot/v11/", "/onebot/v11", "/ws", "/ws/"],
)
async def test_every_path_is_served(path: str) -> None:
    async with hub() as it:
        peer = await it.peer(path)
        peer.push(said("hi", 1))
        await it.fake.count(1)
        assert await it.send()


@pytest.mark.parametrize(
    "how",
    [
        {"token": "s3cret"},
        {"headers": {"Authorization": "Token s3cret"}},
        {"path": "/ws?access_token=s3cret"},
    ],
)
async def test_the_right_token_is_let_in(how: dict[str, Any]) -> None:
    async with hub(access_token="s3cret") as it:
        await it.peer(**how)
        await it.up()


@pytest.mark.parametrize("how", [{}, {"token": "wrong"}, {"path": "/ws?access_token=wrong"}])
async def test_a_wrong_token_is_401(how: dict[str, Any], caplog: pytest.LogCaptureFixture) -> None:
    async with hub(access_token="s3cret") as it:
        with pytest.raises(WSHandshakeError) as caught:
            await it.peer(**how)
        assert caught.value.response is not None
        assert caught.value.response.status == 401
        assert it.fake.up == {}
    assert "401" in caplog.text
    assert "s3cret" not in caplog.text


@pytest.mark.parametrize("headers", [{"X-Forwarded-For": "10.1.1.1"}, {"Origin": "http://evil.example"}])
async def test_without_a_token_what_may_come_from_afar_is_403(headers: dict[str, str]) -> None:
    async with hub({"proxy_headers": False}) as it:
        with pytest.raises(WSHandshakeError) as caught:
            await it.peer(headers=headers)
        assert caught.value.response is not None
        assert caught.value.response.status == 403


async def test_only_the_accounts_of_the_settings_may_connect() -> None:
    async with hub(accounts=["10002"]) as it:
        with pytest.raises(WSHandshakeError):
            await it.peer()
        nameless = await it.peer(conduct=Conduct(self_id=10003), headers={"X-Self-ID": ""})
        await asyncio.wait_for(nameless.closed.wait(), 5)
        assert nameless.close_code == 1008
        await it.peer(conduct=Conduct(self_id=10002))
        await it.up("10002")


async def test_an_account_may_name_itself_in_its_first_event() -> None:
    async with hub() as it:
        peer = await it.peer(headers={"X-Self-ID": ""}, lifecycle=False)
        await asyncio.sleep(0.05)
        assert it.fake.up == {}
        peer.push(said("hi", 1))
        await it.fake.count(1)
        await it.up()
        assert await it.send()


# --- roles ---


@pytest.mark.parametrize(
    ("api", "event"),
    [
        ({"role": "API"}, {"role": "Event"}),
        ({"role": None, "path": "/onebot/v11/ws/api"}, {"role": None, "path": "/onebot/v11/ws/event"}),
        ({"role": None, "path": "/ws/api/"}, {"role": None, "path": "/ws/event/"}),
    ],
)
async def test_the_api_role_sends_and_the_event_role_does_not(api: dict[str, Any], event: dict[str, Any]) -> None:
    async with hub() as it:
        events = await it.peer(**event)
        events.push(said("hi", 1))
        await it.fake.count(1)
        assert it.fake.up == {}
        with pytest.raises(DeliveryError, match="not connected") as caught:
            await it.send()
        assert caught.value.certain
        calls = await it.peer(**api, lifecycle=False)
        await it.up()
        assert await it.send()
        assert [len(peer.conduct.shown) for peer in (calls, events)] == [1, 0]
        calls.close()
        await it.down()
        events.push(said("still here", 2))
        await it.fake.count(2)


async def test_several_accounts_are_apart() -> None:
    async with hub() as it:
        one = await it.peer()
        two = await it.peer(conduct=Conduct(self_id=10002))
        await it.up("10001")
        await it.up("10002")
        two.push(said("to two", 1, self_id=10002))
        one.push(said("to one", 1))
        await it.fake.count(2)
        assert {event.room.account for event in it.fake.events} == {"10001", "10002"}
        await it.send(account="10002")
        assert [len(peer.conduct.shown) for peer in (one, two)] == [0, 1]


async def test_an_event_of_another_account_is_not_taken() -> None:
    async with hub() as it:
        peer = await it.peer()
        peer.push(said("whose?", 1, self_id=666))
        peer.push(said("mine", 2))
        (event,) = await it.fake.count(1)
        assert isinstance(event, Received)
        assert text_of(event.message) == "mine"


# --- connections that come and go ---


async def test_an_old_connection_that_ends_late_leaves_the_new_one_alone() -> None:
    async with hub() as it:
        old = await it.peer()
        await it.up()
        new = await it.peer()
        await asyncio.sleep(0.05)
        old.close()
        await old.closed.wait()
        await asyncio.sleep(0.05)
        assert it.fake.up == {"10001": None}
        assert await it.send()
        assert [len(peer.conduct.shown) for peer in (old, new)] == [0, 1]


async def test_calls_of_a_lost_connection_are_in_doubt() -> None:
    async with hub() as it:
        peer = await it.peer()
        await it.up()
        peer.conduct.faults.append(Fault("drop"))
        with pytest.raises(DeliveryError) as caught:
            await it.send()
        assert not caught.value.certain
        assert len(peer.conduct.shown) == 1
        await it.down()
        with pytest.raises(DeliveryError) as caught:
            await it.send()
        assert caught.value.certain


async def test_an_answer_may_take_a_while() -> None:
    async with hub() as it:
        peer = await it.peer()
        await it.up()
        peer.conduct.faults.append(Fault("delay", seconds=0.2))
        assert await it.send()


async def test_an_answer_that_comes_too_late_disturbs_nothing() -> None:
    async with hub(api_timeout_seconds=0.1) as it:
        peer = await it.peer()
        await it.up()
        peer.conduct.faults.append(Fault("delay", seconds=0.25))
        with pytest.raises(DeliveryError) as caught:
            await it.send("late")
        assert not caught.value.certain
        await asyncio.sleep(0.3)
        assert await it.send("next") == str(peer.conduct.shown[-1].message_id)


async def test_silence_beyond_three_heartbeats_closes_the_connection() -> None:
    async with hub() as it:
        peer = await it.peer()
        began = time.monotonic()
        for _ in range(5):
            peer.push(heartbeat(10001, 100))
            await asyncio.sleep(0.1)
        assert not peer.closed.is_set()
        await asyncio.wait_for(peer.closed.wait(), 2)
        assert time.monotonic() - began >= 0.4 + 3 * 0.1
        assert (peer.close_code, peer.close_reason) == (1001, "no heartbeat for 0.3 s")


async def test_a_heartbeat_interval_in_seconds_is_understood() -> None:
    async with hub() as it:
        peer = await it.peer()
        peer.push(heartbeat(10001, 30))
        await asyncio.sleep(0.3)
        assert not peer.closed.is_set()


async def test_a_connection_without_heartbeats_may_be_silent() -> None:
    async with hub(api_timeout_seconds=0.1) as it:
        peer = await it.peer()
        await asyncio.sleep(0.4)
        assert not peer.closed.is_set()


async def test_a_heartbeat_tells_whether_the_account_is_logged_in() -> None:
    async with hub() as it:
        peer = await it.peer()
        await it.up()
        peer.push(heartbeat(10001, 30_000, online=False))
        await it.down()
        peer.push(heartbeat(10001, 30_000))
        await it.up()
        offline = {
            "time": 1,
            "self_id": 10001,
            "post_type": "notice",
            "notice_type": "bot_offline",
            "message": "kicked",
        }
        peer.push(offline | {"user_id": 10001})
        await it.down()
        assert it.fake.up == {"10001": "kicked"}
        assert isinstance(it.fake.events[-1], Noticed)


# --- bounds ---


async def test_a_frame_that_is_too_large_ends_its_connection_with_a_reason() -> None:
    async with hub(max_frame_bytes=10_000) as it:
        peer = await it.peer()
        peer.push(said("x" * 4_000, 1))
        await it.fake.count(1)
        peer.push(said("x" * 20_000, 2))
        await asyncio.wait_for(peer.closed.wait(), 5)
        assert (peer.close_code, peer.close_reason) == (1009, "frame larger than 10000 bytes")
        again = await it.peer()
        again.push(said("hi", 3))
        await it.fake.count(2)


async def test_a_frame_that_is_too_large_for_the_server_ends_its_connection() -> None:
    async with hub({"ws_max_size": 10_000}) as it:
        peer = await it.peer()
        peer.push(said("x" * 20_000, 1))
        await asyncio.wait_for(peer.closed.wait(), 5)
        assert peer.close_code == 1009
        await it.down()


async def test_a_text_frame_that_is_no_utf_8_ends_its_connection_only() -> None:
    """The WebSocket standard wants the connection to fail; a binary frame is read like any other."""
    async with hub() as it:
        peer = await it.peer()
        other = await it.peer()
        peer.push_raw(b'{"post_type":"\xff"}')
        await asyncio.wait_for(peer.closed.wait(), 5)
        assert peer.close_code == 1007
        other.push_raw(orjson.dumps(said("hi", 1)), WSMsgType.BINARY)
        await it.fake.count(1)


async def test_junk_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    async with hub() as it:
        peer = await it.peer()
        for _ in range(500):
            peer.push_raw(b"junk")
        peer.push_raw(b"[1]")
        peer.push(said("hi", 1))
        await it.fake.count(1)
    assert [record.getMessage().split(": ")[1] for record in caplog.records] == ["no JSON", "no JSON object"]


async def test_reading_waits_for_the_store_and_answers_are_waited_for() -> None:
    async with hub(max_pending=8, api_timeout_seconds=0.2) as it:
        peer = await it.peer()
        await it.up()
        it.fake.hold = True
        for number in range(200):
            peer.push(said(f"{number}", number + 1))
        await it.fake.until(lambda: len(it.fake.offered) == 8)
        await asyncio.sleep(0.05)
        assert len(it.fake.offered) == 8
        sending = asyncio.create_task(it.send())
        await asyncio.sleep(0.4)
        assert not sending.done(), "the answer waits behind the events, so nobody may say that there is none"
        it.fake.hold = False
        it.fake.commit()
        assert await sending
        await it.fake.count(200)


async def test_waiting_receipts_are_forgotten_when_they_are_stored(caplog: pytest.LogCaptureFixture) -> None:
    async with hub(api_timeout_seconds=0.05) as it:
        peer = await it.peer()
        it.fake.failing = 1
        peer.push(said("lost", 1))
        await it.fake.until(lambda: "not stored" in caplog.text)


# --- what is meant for the bot ---


async def test_an_answer_to_a_message_of_the_hubs_own_is_meant_for_it() -> None:
    async with hub() as it:
        it.fake.ours = {"77"}
        peer = await it.peer()

        def reply(to: str, number: int, group: int | None = 30001) -> dict[str, Any]:
            segments = [{"type": "reply", "data": {"id": to}}, {"type": "text", "data": {"text": "and?"}}]
            return said(segments, number, group=group)

        for event in (reply("77", 1), reply("78", 2), reply("77", 3, None), said("hi", 4, group=30001)):
            peer.push(event)
        events = await it.fake.count(4)
        assert [event.addressed for event in events if isinstance(event, Received)] == [True, False, True, False]
        room = Room("onebot", "10001", "group", "30001")
        assert it.fake.asked == [(room, "77"), (room, "78")]


async def test_requests_and_recalls_come_in() -> None:
    async with hub() as it:
        peer = await it.peer()
        common = {"time": 1_718_000_000, "self_id": 10001}
        peer.push(
            common | {"post_type": "request", "request_type": "friend", "user_id": 5, "comment": "hi", "flag": "f"}
        )
        peer.push(common | {"post_type": "notice", "notice_type": "friend_recall", "user_id": 5, "message_id": 9})
        first, second = await it.fake.count(2)
        assert isinstance(first, Requested)
        assert first.ticket == "f"
        assert isinstance(second, Deleted)
        assert second.message_id == "9"


# --- abilities ---


async def test_capabilities() -> None:
    async with hub(max_length=1000, resend_unknown=True) as it:
        can = it.adapter.capabilities(PRIVATE)
        assert can.delivery is Delivery.BLIND
        assert can.max_length == 1000
        assert can.markdown == "none"
        assert can.resend_unknown
        assert can.mentions
        assert can.forwards


async def test_typing_is_asked_of_those_who_can_only() -> None:
    async with hub() as it:
        able = await it.peer()
        await it.up()
        for _ in range(3):
            await it.adapter.typing(PRIVATE)
        await it.adapter.typing(Room("onebot", "10001", "group", "30001"))
        assert able.conduct.calls == {"get_version_info": 1, "set_input_status": 3}
        unable = await it.peer(conduct=Conduct(app_name="go-cqhttp"))
        await it.fake.until(lambda: len(it.fake.up) == 1)
        await asyncio.sleep(0.02)
        for _ in range(3):
            await it.adapter.typing(PRIVATE)
        assert unable.conduct.calls == {"get_version_info": 1}
        missing = await it.peer(conduct=Conduct(missing=frozenset({"set_input_status"})))
        await asyncio.sleep(0.02)
        for _ in range(3):
            await it.adapter.typing(PRIVATE)
        assert missing.conduct.calls == {"get_version_info": 1}
        assert len(missing.conduct.refused) == 1


async def test_typing_can_be_turned_off() -> None:
    async with hub(typing=False) as it:
        peer = await it.peer()
        await it.up()
        await it.adapter.typing(PRIVATE)
        assert not peer.conduct.calls


async def test_reactions_of_lagrange() -> None:
    async with hub() as it:
        peer = await it.peer(conduct=Conduct(missing=frozenset({"set_msg_emoji_like"})))
        await it.up()
        await it.adapter.react(Room("onebot", "10001", "group", "30001"), "-5", "👍", removed=True)
        assert peer.conduct.reactions == [{"group_id": 30001, "message_id": -5, "code": "128077", "is_add": False}]
        with pytest.raises(DeliveryError):
            await it.adapter.react(PRIVATE, "-5", "👍")


# --- the other end is any WebSocket client ---


async def test_another_client_and_many_calls_at_once() -> None:
    """aiohttp as the implementation, answering out of order."""
    async with hub() as it, aiohttp.ClientSession() as session:
        headers = {"X-Self-ID": "10001"}
        async with session.ws_connect(f"ws://{it.address}/ws", headers=headers) as socket:
            await it.up()
            sending = [asyncio.create_task(it.send(f"{number}")) for number in range(100)]
            calls = [await socket.receive_json() for _ in sending]
            texts = [call["params"]["message"][0]["data"]["text"] for call in calls]
            assert texts == [str(number) for number in range(100)]
            for call in reversed(calls):
                data = {"message_id": int(call["params"]["message"][0]["data"]["text"])}
                await socket.send_json({"status": "ok", "retcode": 0, "data": data, "echo": call["echo"]})
            assert await asyncio.gather(*sending) == texts


async def test_after_the_run_nobody_is_let_in() -> None:
    fake = FakeHost()
    adapter = OneBotAdapter(OneBotSettings(), fake.host)
    async with serving(adapter.routes) as address:
        running = asyncio.create_task(adapter.run())
        peer = await OneBotPeer().connect(f"ws://{address}/ws")
        running.cancel()
        await asyncio.wait((running,))
        await asyncio.wait_for(peer.closed.wait(), 5)
        assert peer.close_code == 1001
        with pytest.raises(WSHandshakeError) as caught:
            await OneBotPeer().connect(f"ws://{address}/ws")
        assert caught.value.response is not None
        assert caught.value.response.status == 503
