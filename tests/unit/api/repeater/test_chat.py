"""A chat at its route: what the chat is told, what the client reads, what goes wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hubbub.core.errors import HubbubError
from hubbub.core.events import Received
from hubbub.core.messages import Message, Raw, Text, text_of
from hubbub.core.pictures import Wish
from tests.unit.api.repeater.door import Door, door
from tests.unit.api.repeater.leaving import leave

PATH = "/chat/completion/Group:1:2"
ANSWER = {
    "reasoning_content": "think ",
    "content": "echo: hi",
    "model_name": "Deepseek V3",
    "model_type": "chat",
    "model_id": "deepseek-chat",
}


def told(at: Door) -> list[Received]:
    """The messages that went their road."""
    return [entry.event for entry in at.hub.entries.values() if isinstance(entry.event, Received)]


async def test_an_answer_has_its_fields_in_order() -> None:
    async with door() as at:
        status, answer = await at.ask("POST", PATH, data={"message": "hi", "user_name": "Bob"})
        assert (status, answer, list(answer)) == (200, ANSWER, list(ANSWER))


async def test_the_chat_is_told_what_the_request_says() -> None:
    async with door() as at:
        await at.ask("POST", PATH, data={"message": "/help", "user_name": "Robert"})
        more = {
            "message": "hi", "user_name": "Robert", "role": "assistant", "role_name": "R", "model_type": "reasoner",
            "load_prompt": "false", "save_context": "0", "reference_context_id": "Group:3:4",
        }  # fmt: skip
        await at.ask("POST", PATH, files={name: (None, value) for name, value in more.items()})
        info = {"user_info": {"nickname": "N"}, "model_uid": "m", "reference_context_id": "x"}
        status, answer = await at.ask("POST", PATH, json=info)
        assert (status, answer["model_uid"], answer["status"]) == (200, "deepseek-chat", 200)
        await at.ask("POST", PATH, data={"continue_completion": "true"})
        plain, full, later, on = told(at)
        assert (plain.owner, text_of(plain.message), plain.addressed) == ("Group_1_2", "/help", True)
        assert plain.options == {
            "completion": {
                "user_id": "Group:1:2", "user_name": "Bob", "role": "user", "name": "", "load_prompt": True,
                "save_context": True, "continue": False,
            }
        }  # fmt: skip
        assert full.options == {
            "model": "reasoner",
            "completion": {
                "user_id": "Group:1:2", "user_name": "Bob", "role": "assistant", "name": "R", "load_prompt": False,
                "save_context": False, "continue": False, "reference": "Group_3_4",
            },
        }  # fmt: skip
        completion: Any = later.options["completion"]
        assert (later.options["model"], completion["user_name"], completion["name"]) == ("m", "N", "N")
        assert later.message == on.message == ()
        assert isinstance(on.options["completion"], dict)
        assert on.options["completion"]["continue"]


async def test_what_does_not_fit_is_refused() -> None:
    async with door() as at:
        both = await at.ask("POST", PATH, data={"message": "x", "continue_completion": "true"})
        assert both == (400, {"detail": "Cannot send message when continuing completion"})
        status, answer = await at.ask("POST", PATH, data={"load_prompt": "maybe", "message": "a"})
        message = "Input should be a valid boolean, unable to interpret input"
        fault = {"type": "bool_parsing", "loc": ["body", "load_prompt"], "msg": message, "input": "maybe"}
        assert (status, answer) == (422, {"detail": [fault]})
        status, answer = await at.ask("POST", PATH, data={"message": "x", "role": "robot"})
        assert (status, answer["detail"][0]["loc"]) == (422, ["body", "role"])
        assert told(at) == []


@pytest.mark.parametrize(
    ("said", "status", "detail"),
    [
        ((Text("sorry"), Raw("http", "failure", {"id": "ab12", "key": "error.model_failed"})), 502, "(error ab12)"),
        (
            (Text("none"), Raw("http", "refused", {"key": "chat.unknown_model", "text": "none"})),
            400,
            "API group not found for model type: nope",
        ),
        ((Text("no"), Raw("http", "refused", {"key": "chat.empty", "text": "Say something."})), 400, "Say something."),
        ((Text("Too many today."),), 429, "Too many today."),
        ((), 409, "taken back"),
    ],
)
async def test_what_is_no_answer_has_a_status_of_its_own(said: Message, status: int, detail: str) -> None:
    async with door() as at:
        at.hub.answer = lambda _: said
        found = await at.ask("POST", PATH, data={"message": "x", "model_type": "nope"})
        assert found[0] == status
        assert detail in found[1]["detail"]
        lines = await at.ask("POST", PATH, data={"message": "x", "model_type": "nope", "stream": "true"})
        assert lines[0] == status
        assert detail in lines[1]["detail"]


async def test_a_picture_comes_with_the_answer() -> None:
    async with door() as at:
        at.say("Group_1_2", {"render_style": "dark", "render_title": "My\n title"}, kind="config")
        status, answer = await at.ask("POST", PATH, data={"message": "hi", "rendering": "true"})
        assert (status, list(answer)) == (200, [*ANSWER, "image_url", "file_uuid"])
        assert answer["image_url"] == f"http://127.0.0.1:8080/file/render/{answer['file_uuid']}.png"
        assert at.pictures.drawn == [
            ("> think\n\n---\n\necho: hi", Wish(style="dark", model=answer["model_name"], title="My title"))
        ]
        picture = await at.client.get(answer["image_url"])
        assert (picture.status_code, picture.headers["content-type"]) == (200, "image/png")
        assert picture.content.startswith(b"\x89PNG")


async def test_an_answer_is_worth_more_than_its_picture() -> None:
    async with door() as at:
        at.pictures.broken = HubbubError("no paper")
        assert await at.ask("POST", PATH, data={"message": "hi", "rendering": "true"}) == (200, ANSWER)


async def test_an_answer_comes_in_lines() -> None:
    async with door() as at:
        at.hub.pieces = ("echo: ", "hi")
        answer = await at.client.post(PATH, data={"message": "hi", "stream": "true"})
        assert answer.headers["content-type"] == "application/x-ndjson"
        lines = [json.loads(line) for line in answer.text.splitlines()]
        assert [line["content"] for line in lines] == ["echo: ", "hi", ""]
        assert list(lines[0]) == ["id", "reasoning_content", "content", "finish_reason", "created", "model"]
        assert lines[-1]["answer"] == ANSWER
        assert lines[-1]["finish_reason"] == "stop"


async def test_a_key_that_comes_again_gets_the_same_answer() -> None:
    async with door() as at:
        headers = {"Idempotency-Key": "k1"}
        first = await at.ask("POST", PATH, data={"message": "hi"}, headers=headers)
        assert await at.ask("POST", PATH, data={"message": "hi"}, headers=headers) == first
        assert (await at.ask("POST", PATH, data={"message": "other"}, headers=headers))[0] == 422
        assert at.hub.accepted == 1


@pytest.mark.parametrize("cancel", [True, False])
async def test_a_client_that_goes_away(cancel: bool) -> None:
    async with door(cancel_gone=cancel) as at:
        at.hub.go.clear()
        await leave(at, PATH, b"message=hi", lambda: bool(at.hub.entries))
        assert at.asked.recalled == told(at) * cancel
        assert at.hub.done


@pytest.mark.parametrize("cancel", [True, False])
async def test_a_hub_that_is_busy_says_so(cancel: bool) -> None:
    async with door(cancel_gone=cancel) as at:
        at.hub.overloaded = True
        status, answer = await at.ask("POST", PATH, data={"message": "hi"})
        assert status == 503
        assert "busy" in answer["detail"]
