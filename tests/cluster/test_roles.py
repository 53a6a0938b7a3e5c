"""Two gateways and two workers as real processes on one PostgreSQL: to people they are one hub."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

import pytest

from tests.cluster.hubs import Hubs, hubs
from tests.fakes.onebot_peer import OneBotPeer
from tests.journeys.inside import Talker

pytestmark = pytest.mark.timeout(300)

ALL = ("gateway", "gateway", "worker", "worker")


async def test_a_caller_gets_one_answer_whichever_gateway_it_asks(tmp_path: Path, dsn: str) -> None:
    async with hubs(tmp_path, dsn, first_ms=300) as cluster:
        await cluster.start(*ALL)
        names = ("gateway1", "gateway2") * 3
        answers = await asyncio.gather(*(cluster.post(name, "hello", key="once") for name in names))
        assert set(answers) == {answers[0]}
        assert answers[0][0] == "LLM-OK hello"
        assert len(cluster.model.requests) == 1
        assert (await cluster.post("worker1", "hello", key="once")) == answers[0]
        await _pieces(cluster)
        await _stopped(cluster)
        await _taken_back(cluster)
        await _joined(cluster)
        await _listed(cluster)


async def _pieces(cluster: Hubs) -> None:
    """The gateway shows an answer while a worker writes it."""
    cluster.model.behave(first_ms=50, gap_ms=60)
    events = await cluster.streamed("gateway1", "one two three four five six")
    pieces = [data["content"] for name, data in events if name == "piece"]
    assert len(pieces) > 2, (events, cluster.logs())
    assert "".join(pieces) == "LLM-OK one two three four five six"


async def _stopped(cluster: Hubs) -> None:
    """What is stopped at one gateway runs on a worker."""
    cluster.model.behave(first_ms=20_000)
    asked = asyncio.ensure_future(cluster.post("gateway1", "a long story", owner="sue"))
    count = len(cluster.model.requests)
    await cluster.until(lambda: len(cluster.model.requests) > count)
    told, _ = await cluster.post("gateway2", "/stop", owner="sue")
    assert "stop" in told.lower()
    async with asyncio.timeout(10):
        await asked
    cluster.model.behave(first_ms=0)


async def _taken_back(cluster: Hubs) -> None:
    """Who takes a message back at a gateway gets no answer of the worker that is at it."""
    cluster.model.behave(first_ms=20_000)
    count, shown = len(cluster.model.requests), len(cluster.shown)
    cluster.say("never mind", user="tim")
    await cluster.until(lambda: len(cluster.model.requests) > count)
    cluster.take_back(cluster.number, user="tim")
    cluster.model.behave(first_ms=0)
    cluster.say("something else", user="tim")
    await cluster.until(lambda: len(cluster.shown) > shown, 15)
    assert cluster.shown[shown:] == ["LLM-OK something else"]


async def _joined(cluster: Hubs) -> None:
    """Who is joined to somebody at one gateway is that person at the other one, whichever worker answers."""
    told, _ = await cluster.post("gateway1", "/link", owner="nora")
    code = re.search(r"[A-Z2-9]{4}-[A-Z2-9]{4}", told)
    assert code is not None, told
    asked, _ = await cluster.post("gateway2", f"/link {code[0]}", owner="olaf")
    word = re.search(r"/link [a-z]+\b", asked)
    assert word is not None, asked
    await cluster.post("gateway2", word[0], owner="olaf")
    assert "one now" in (await cluster.post("gateway1", "/link yes", owner="nora"))[0]
    await cluster.post("gateway1", "remember the lighthouse", owner="nora")
    await cluster.post("gateway2", "what was it?", owner="olaf")
    assert "lighthouse" in str(cluster.model.requests[-1].body["messages"])


async def _listed(cluster: Hubs) -> None:
    listing = await asyncio.to_thread(cluster.processes["gateway1"].command, "nodes", "--json")
    nodes = {each["node"]: each for each in map(json.loads, listing.stdout.splitlines())}
    assert set(nodes) == {"gateway1", "gateway2", "worker1", "worker2"}, listing
    assert nodes["worker1"]["roles"] == ["worker", "scheduler"]
    async with cluster.http.get(f"{cluster.url('gateway1')}/metrics") as response:
        metrics = dict(line.rsplit(" ", 1) for line in (await response.text()).splitlines() if line[0] != "#")
    counted = (
        "inbox_waiting",
        "lanes_held",
        "lanes_free",
        "lag_seconds",
        "fenced",
        "leases",
        "nodes",
        "outbox_unknown",
    )
    assert {f"hubbub_store_{name}" for name in counted} <= set(metrics)
    assert float(metrics["hubbub_store_nodes"]) == 4
    held = [name for each in nodes.values() for name in each["names"]]
    assert sorted(held) == ["account:loopback/loop", "hub:tidying", "loopback:loop"]


@pytest.mark.parametrize(
    "delivery",
    ["blind", pytest.param("editable", marks=pytest.mark.slow), pytest.param("idempotent", marks=pytest.mark.slow)],
)
async def test_messages_are_answered_in_order_once_while_processes_die(tmp_path: Path, dsn: str, delivery: str) -> None:
    environ = {"HUBBUB_PLATFORMS__LOOPBACK__DELIVERY": delivery}
    async with hubs(tmp_path, dsn, environ) as cluster:
        await cluster.start(*ALL)
        texts = [f"n{number}" for number in range(30)]
        cluster.say(*texts[:10])
        await cluster.until(lambda: len(cluster.shown) >= 10)
        holder = await _holder(cluster)
        cluster.kill(holder)
        cluster.say(*texts[10:20])
        await cluster.until(lambda: len(cluster.shown) >= 20)
        cluster.kill("worker1")
        cluster.say(*texts[20:])
        await cluster.until(lambda: len(cluster.shown) >= 30)
        assert cluster.shown == [f"LLM-OK {text}" for text in texts]
        assert await _holder(cluster) != holder


async def _holder(cluster: Hubs) -> str:
    """The gateway that the loopback is connected to."""
    other = cluster.processes["worker2"]
    listing = await asyncio.to_thread(other.command, "nodes", "--json")
    nodes = list(map(json.loads, listing.stdout.splitlines()))
    return next(str(each["node"]) for each in nodes if "loopback:loop" in each["names"])


async def test_answers_go_where_the_account_is_connected_now(tmp_path: Path, dsn: str) -> None:
    async with hubs(tmp_path, dsn) as cluster:
        await cluster.start("gateway", "gateway", "worker")
        first, second = Talker(OneBotPeer()), Talker(OneBotPeer())
        await first.peer.connect(cluster.url("gateway1").replace("http", "ws") + "/onebot/v11/ws")
        first.say("one")
        await cluster.until(lambda: first.seen)
        # The implementation comes again, elsewhere; nobody noticed that its first connection is dead.
        await second.peer.connect(cluster.url("gateway2").replace("http", "ws") + "/onebot/v11/ws")
        second.number = 100
        second.say("two")
        await cluster.until(lambda: second.seen)
        second.say("three")
        await cluster.until(lambda: len(second.seen) == 2)
        assert first.seen == ["LLM-OK one"]
        assert second.seen == ["LLM-OK two", "LLM-OK three"]
        first.peer.close()
        second.peer.close()
