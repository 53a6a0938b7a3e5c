"""What clients of GoBot send to its one route, and what they read of the answer."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import aiohttp
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


FORWARDED = {"X-Forwarded-For": "203.0.113.7"}
SECRET = "a secret of the admin"


def basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": aiohttp.encode_basic_auth(user, password)}


async def test_from_elsewhere_a_token_is_needed_and_its_lack_is_told_in_words(tmp_path: Path) -> None:
    wrong: tuple[dict[str, str], ...] = ({}, basic("any", "hub_wrong"), basic("any", "x"), {"Authorization": "Basic *"})
    async with inside(tmp_path) as hub:
        for credentials in wrong:
            status, text = await post(hub, data={"usermsg": "hello"}, headers=FORWARDED | credentials)
            assert (status, text[:7], text[-1]) == (401, "Error: ", "\n")
        assert not hub.model.requests


async def test_a_token_may_stand_in_the_address(tmp_path: Path) -> None:
    async with inside(tmp_path, f'[server]\nadmin_password = "{SECRET}"\n') as hub:
        wish = {"name": "wechat", "scopes": ["messages"]}
        async with hub.http.post("/api/v1/tokens", json=wish, headers=basic("admin", SECRET)) as response:
            token = (await response.json())["secret"]
        address = f"{hub.hub.url}/post".replace("http://", f"http://any:{token}@")
        async with aiohttp.ClientSession() as client:
            async with client.post(address, data={"usermsg": "hello"}, headers=FORWARDED) as response:
                assert (response.status, await response.text()) == (200, "LLM-OK hello\n")
            # It is a token and no more: what a password opens stays shut.
            other = address.replace("/post", "/api/v1/tokens")
            async with client.get(other, headers=FORWARDED) as response:
                assert response.status == 401


async def test_who_asks_too_much_is_told_in_words(tmp_path: Path) -> None:
    async with inside(tmp_path, "[limits]\nmessages_per_minute = 1\n") as hub:
        assert (await post(hub, data={"usermsg": "one"}))[0] == 200
        status, text = await post(hub, data={"usermsg": "two"})
    assert (status, text[-1]) == (429, "\n")
    assert "{" not in text
