"""Whatever a model does wrong, the person reads one sentence, the log has its cause, and the next message works."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.model import Fault
from tests.journeys.inside import inside, until

QUICK = """
connect_timeout = 2.0
first_byte_timeout = 1.0
idle_timeout = 1.0
timeout = 2.0
"""
TOLD = re.compile(r"[A-Z][^\n]{20,120} \(error ([0-9a-f]{8})\)")
FAULTS: list[Fault | int] = [500, 503, 401, 403, 429, 400, 404, "timeout", "disconnect", "empty_body", "empty_choices"]
FAULTS += ["empty_content", "not_json", "html", "error_200", "cut_stream", "stop_stream", "stall_stream", "broken_sse"]


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_failure_is_one_sentence_and_the_next_message_works(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, fault: Fault | int
) -> None:
    caplog.set_level(logging.INFO)
    async with inside(tmp_path, model=QUICK) as hub, hub.peer() as people:
        hub.model.fail(fault)
        told = await streamed(hub.http, "first") if str(fault).endswith(("stream", "sse")) else await hub.told("first")
        found = TOLD.fullmatch(told)
        assert found, told
        (line,) = [record for record in caplog.records if found[1] in record.getMessage()]
        assert line.levelno == logging.ERROR
        assert "entry 1" in line.getMessage()
        assert len(line.getMessage()) > 70, "it tells the cause"
        assert await hub.told("second") == "LLM-OK second"
        messages = hub.model.requests[-1].body["messages"]
        assert [each["content"] for each in messages if each["role"] != "system"] == ["second"]
        people.say("/echo still here")
        assert await people.until_seen(1) == ["still here"]


async def streamed(http: Any, text: str) -> str:
    """What the kept reply of a streamed answer says."""
    async with http.post("/api/v1/messages", json={"owner": "anna", "text": text, "stream": True}) as response:
        lines = (await response.text()).splitlines()
    replies = [lines[place + 1] for place, line in enumerate(lines) if line == "event: reply"]
    assert len(replies) == 1, lines
    found = re.search(r'"text":"((?:[^"\\]|\\.)*)"', replies[0])
    assert found
    return found[1]


async def test_what_failed_can_be_asked_again(tmp_path: Path) -> None:
    async with inside(tmp_path, model=QUICK) as hub, hub.peer() as people:
        hub.model.fail(500)
        people.say("hello")
        await people.until_seen(1)
        people.say("/retry")
        assert (await people.until_seen(2))[1] == "LLM-OK hello"
        people.say("/retry")
        await people.until_seen(3)
        messages = hub.model.requests[-1].body["messages"]
        assert [each["content"] for each in messages if each["role"] != "system"] == ["hello"], "replaced, not added"


async def test_a_busy_model_is_asked_again_when_it_said(tmp_path: Path) -> None:
    async with inside(tmp_path, attempts=2) as hub:
        hub.model.fail(429, retry_after="1")
        began = time.monotonic()
        assert await hub.told("hello") == "LLM-OK hello"
        assert time.monotonic() - began >= 1


async def test_stop_keeps_the_part_that_came(tmp_path: Path) -> None:
    async with inside(tmp_path, reply="one two three four five six", gap_ms=80) as hub:
        asking = asyncio.create_task(streamed(hub.http, "count"))
        await until(lambda: hub.model.in_flight)
        await asyncio.sleep(0.25)
        assert await hub.told("/stop") == "Stopped."
        told = await asking
        assert re.fullmatch(r"one two( \w+)*\\n\\n\(stopped\)", told), told
        assert not told.startswith("one two three four five six")
        hub.model.behave(check=False)
        assert await hub.told("go on") == "LLM-OK go on"
        content = [each["content"] for each in hub.model.requests[-1].body["messages"]]
        assert any(each.startswith("one two") and "stopped" not in each for each in content), content


async def test_an_answer_takes_no_longer_than_is_set(tmp_path: Path) -> None:
    async with inside(tmp_path, "[chat]\nanswer_seconds = 0.4\n", first_ms=60_000) as hub:
        began = time.monotonic()
        assert "took too long" in await hub.told("hello")
        assert time.monotonic() - began < 20
        await until(lambda: not hub.model.in_flight)


async def test_no_model_at_all_is_said(tmp_path: Path) -> None:
    async with inside(tmp_path) as hub:
        await hub.model.stop()
        assert TOLD.fullmatch(await hub.told("hello"))
        assert await hub.told("/echo hello") == "hello"
