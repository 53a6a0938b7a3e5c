"""What clients of GoBot send to its one route, and what they read of the answer."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from hubbub.api.gobot.routes import FAILED, NO_TEXT
from tests.journeys.inside import Inside, inside


async def post(hub: Inside, method: str = "POST", **more: Any) -> tuple[int, str]:
    async with hub.http.request(method, "/post", **more) as response:
        assert response.content_type == "text/plain"
        return response.status, await response.text()


async def test_a_text_is_answered_alone(tmp_path: Path) -> None:
    async with inside(tmp_path, '[chat]\nsystem_prompt = "You are Vio."\n') as hub:
        assert await post(hub, data={"usermsg": "你好"}) == (200, "LLM-OK 你好\n")
        assert await post(hub, params={"usermsg": "by the query"}) == (200, "LLM-OK by the query\n")
        both = await post(hub, data={"usermsg": "the form"}, params={"usermsg": "the query"})
        assert both == (200, "LLM-OK the form\n")
        asked = hub.model.requests[-1].body["messages"]
    assert asked == [{"role": "system", "content": "You are Vio."}, {"role": "user", "content": "the form"}]


async def test_what_is_no_question_asks_no_model(tmp_path: Path) -> None:
    async with inside(tmp_path) as hub:
        empty_first = {"data": {"usermsg": ""}, "params": {"usermsg": "by the query"}}
        for sent in ({}, {"data": {"usermsg": ""}}, empty_first, {"data": {"other": "x"}}, {"data": b"\xff\xfe&&=;"}):
            assert await post(hub, **sent) == (400, NO_TEXT)
        many = "&".join(f"a{number}=1" for number in range(500))
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        assert await post(hub, data=many, headers=form) == (400, NO_TEXT)
        assert not hub.model.requests


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_another_method_is_refused_in_the_words_that_clients_know(tmp_path: Path, method: str) -> None:
    async with inside(tmp_path) as hub:
        assert await post(hub, method) == (405, f"Error: wrong HTTP method:{method},required POST.\n")


async def test_a_failing_model_is_told_without_its_own_words(tmp_path: Path) -> None:
    async with inside(tmp_path) as hub:
        hub.model.fail(500)
        status, text = await post(hub, data={"usermsg": "hello"})
    assert (status, text.startswith(FAILED)) == (200, True)
    assert "500" not in text
    assert re.search(r"[0-9a-f]{8}", text.removeprefix(FAILED))


async def test_from_elsewhere_a_token_is_needed(tmp_path: Path) -> None:
    async with inside(tmp_path) as hub:
        forwarded = {"X-Forwarded-For": "203.0.113.7"}
        async with hub.http.post("/post", data={"usermsg": "hello"}, headers=forwarded) as response:
            assert response.status == 401
        assert not hub.model.requests
