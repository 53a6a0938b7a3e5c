"""Contexts, prompts and settings at their routes: forms of requests, words and order of answers."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest

from tests.unit.api.repeater.door import MODEL, SHOWN, USER, door

CONTEXT, PROMPT, CONFIG = "/userdata/context", "/userdata/prompt", "/userdata/config"


def fault(name: str, place: str = "body") -> dict[str, Any]:
    return {"detail": [{"type": "missing", "loc": [place, name], "msg": "Field required", "input": None}]}


async def test_nobody_keeps_anything_yet() -> None:
    async with door() as at:
        for kind, empty in ((CONTEXT, []), (PROMPT, ""), (CONFIG, {})):
            assert await at.ask("GET", f"{kind}/userlist") == (200, [])
            assert await at.ask("GET", f"{kind}/branch/Group:1:2") == (200, [])
            assert await at.ask("GET", f"{kind}/now_branch/Group:1:2") == (200, "default")
            assert await at.ask("GET", f"{kind}/get/Group:1:2") == (200, empty)
        length = {"total_context_length": 0, "context_length": 0}
        assert await at.ask("GET", f"{CONTEXT}/length/Group:1:2") == (200, length)


async def test_a_context_is_shown_as_its_units() -> None:
    async with door() as at:
        at.say("Group_1_2", USER, MODEL)
        status, units = await at.ask("GET", f"{CONTEXT}/get/Group:1:2")
        assert (status, units) == (200, [{"role": "user", "content": "hey", "name": "Z"}, SHOWN])
        assert list(units[1]) == ["role", "content", "reasoning_content"]
        length = {"total_context_length": 3 + 6, "context_length": 2}
        assert await at.ask("GET", f"{CONTEXT}/length/Group_1_2") == (200, length)
        assert await at.ask("GET", f"{CONTEXT}/userlist") == (200, ["Group_1_2"])
        assert await at.ask("GET", f"{CONTEXT}/branch/Group:1:2") == (200, ["default"])


@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_a_unit_is_withdrawn(method: str) -> None:
    async with door() as at:
        at.say("u2", USER, MODEL)
        path = f"{CONTEXT}/withdraw/u2"
        for index in (2, -1, 10**30):
            assert await at.ask(method, path, data={"index": index}) == (400, {"detail": "Index out of range"})
        assert await at.ask(method, path) == (422, fault("index"))
        assert await at.ask(method, path, data={"index": 0}) == (200, [SHOWN])
        assert await at.ask("GET", f"{CONTEXT}/get/u2") == (200, [SHOWN])


async def test_a_unit_is_given_other_words() -> None:
    async with door() as at:
        at.say("u2", USER, MODEL)
        path, new = f"{CONTEXT}/rewrite/u2", {**USER, "content": "NEW"}
        assert await at.ask("POST", path, data={"index": 0, "content": "NEW"}) == (200, [new, SHOWN])
        thought = {**SHOWN, "reasoning_content": "RRR"}
        answer = await at.ask("PUT", path, json={"index": 1, "reasoning_content": "RRR"})
        assert answer == (200, [new, thought])
        assert await at.ask("POST", path, data={"index": 1, "content": ""}) == (200, [new, thought])
        refused = {"detail": "Only assistant can have reasoning_content"}
        assert await at.ask("POST", path, data={"index": 0, "reasoning_content": "x"}) == (400, refused)
        assert await at.ask("POST", path, data={"index": 7}) == (400, {"detail": "Index out of range"})


@pytest.mark.parametrize(("kind", "word"), [("context", "Context"), ("prompt", "Prompt"), ("config", "Config")])
async def test_branches_are_changed_and_deleted(kind: str, word: str) -> None:
    async with door() as at:
        bodies: dict[str, object] = {"context": USER, "prompt": "P", "config": {"a": 1}}
        at.say("u2", bodies[kind], kind=kind)
        root = f"/userdata/{kind}"
        full = await at.ask("GET", f"{root}/get/u2")
        missing = fault("new_branch_id", "body" if kind == "config" else "query")
        assert await at.ask("POST", f"{root}/change/u2") == (422, missing)
        changed = (200, f"{word} changed successfully")
        ways: list[dict[str, Any]] = [
            {"params": {"new_branch_id": "b"}}, {"data": {"new_branch_id": "c"}}, {"json": {"new_branch_id": "d"}}
        ]  # fmt: skip
        for way, name in zip(ways, "bcd", strict=True):
            for method in ("POST", "PUT"):
                assert await at.ask(method, f"{root}/change/u2", **way) == changed
                assert await at.ask("GET", f"{root}/now_branch/u2") == (200, name)
        assert (await at.ask("GET", f"{root}/get/u2"))[1] in ([], "", {})
        assert await at.ask("DELETE", f"{root}/delete/u2") == (200, f"{word} deleted successfully")
        assert await at.ask("GET", f"{root}/branch/u2") == (200, ["default"])
        assert await at.ask("POST", f"{root}/change/u2", data={"new_branch_id": "default"}) == changed
        assert await at.ask("GET", f"{root}/get/u2") == full
        assert await at.ask("DELETE", f"{root}/delete/u2") == (200, f"{word} deleted successfully")
        assert await at.ask("GET", f"{root}/branch/u2") == (200, [])


async def test_a_prompt_is_kept_as_it_was_written() -> None:
    async with door() as at:
        for method in ("POST", "PUT"):
            done = await at.ask(method, f"{PROMPT}/set/u2", data={"prompt": f"{method} {{user_id}}\n  "})
            assert done == (200, "Prompt set successfully")
            assert await at.ask("GET", f"{PROMPT}/get/u2") == (200, f"{method} {{user_id}}\n  ")
        assert await at.ask("GET", f"{PROMPT}/userlist") == (200, ["u2"])
        assert await at.ask("POST", f"{PROMPT}/set/u2", data={"prompt": ""}) == (422, fault("prompt"))


async def test_settings_are_of_the_type_that_is_said() -> None:
    values: tuple[tuple[str, str, object], ...] = (
        ("int", "12", 12),
        ("float", "0.5", 0.5),
        ("string", "是", "是"),
        ("bool", "false", False),
        ("bool", "true", True),
        ("list", '["a"]', ["a"]),
        ("dict", '{"a": 1}', {"a": 1}),
        ("null", "x", None),
    )
    async with door() as at:
        for kind, given, stored in values:
            at.say("u2", {"z": 1}, kind="config")
            path, shown = f"{CONFIG}/set/u2/{kind}", (200, {"z": 1, "k": stored})
            for way in ("PUT", "POST"):
                assert await at.ask(way, path, data={"key": "k", "value": given}) == shown
            assert await at.ask("PUT", path, json={"key": "k", "value": stored}) == shown
            assert await at.ask("PUT", path, params={"key": "k", "value": given}) == shown
            assert await at.ask("POST", path, data={"config": '{"k": 5, "m": 6}'}) == (200, {"z": 1, "k": 5, "m": 6})


async def test_a_setting_of_another_type_is_refused() -> None:
    wrong = (
        ("int", "1.5"), ("int", "x"), ("float", "nan"), ("float", "1e999"), ("bool", "maybe"), ("list", "{}"),
        ("dict", "["),
    )  # fmt: skip
    async with door() as at:
        for kind, given in wrong:
            status, answer = await at.ask("PUT", f"{CONFIG}/set/u2/{kind}", data={"key": "k", "value": given})
            assert status == 400
            assert isinstance(answer["detail"], str)
            assert await at.ask("GET", f"{CONFIG}/get/u2") == (200, {})


async def test_a_setting_needs_a_key_a_value_and_a_type() -> None:
    async with door() as at:
        assert await at.ask("PUT", f"{CONFIG}/set/u2/null", data={"key": "n", "value": ""}) == (422, fault("value"))
        assert await at.ask("PUT", f"{CONFIG}/set/u2/int", data={"value": "5"}) == (422, fault("key"))
        wrong = await at.ask("PUT", f"{CONFIG}/set/u2/foo", data={"key": "n", "value": "x"})
        assert wrong == (400, {"detail": "Invalid value type"})


async def test_a_setting_is_taken_away() -> None:
    async with door() as at:
        at.say("u2", {"a": 1, "b": 2, "c": 3, "d": 4}, kind="config")
        path = f"{CONFIG}/delkey/u2"
        assert await at.ask("POST", path, data={"key": "zz"}) == (400, {"detail": "Key not found"})
        assert await at.ask("POST", path, data={"key": "a"}) == (200, {"b": 2, "c": 3, "d": 4})
        assert await at.ask("PUT", path, json={"key": "b"}) == (200, {"c": 3, "d": 4})
        assert await at.ask("DELETE", f"{path}/c") == (200, {"d": 4})


async def test_settings_list_whoever_ever_talked() -> None:
    async with door() as at:
        at.say("u3", {"a": 1}, kind="config")
        at.say("u2", USER)
        at.say("hub:access", {"a": 1}, kind="config")
        assert sorted((await at.ask("GET", f"{CONFIG}/userlist"))[1]) == ["u2", "u3"]


async def test_everything_of_a_user_comes_as_one_file() -> None:
    async with door() as at:
        at.say("u2", USER, MODEL)
        at.say("u2", "P 是", kind="prompt")
        answer = await at.client.get("/userdata/file/u2.zip")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
        with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
            assert {each.compress_type for each in archive.infolist()} == {zipfile.ZIP_STORED}
            files = {name: archive.read(name).decode() for name in archive.namelist()}
        assert list(files) == ["user_context.json", "user_config.json", "user_prompt.json"]
        assert json.loads(files["user_context.json"]) == [USER, SHOWN]
        assert (files["user_config.json"], files["user_prompt.json"]) == ("{}", '"P 是"')
        assert '\n    {\n        "role"' in files["user_context.json"]


async def test_variables_are_expanded() -> None:
    async with door() as at:
        path = "/userdata/variable/expand/Group:1:2"
        answer = await at.ask(
            "POST", path, data={"username": "Robert", "text": "{user_id}|{user_name}|{model_type}|{no}"}
        )
        assert answer == (200, "Group:1:2|Robert|nomodel|")
        later = {"user_info": {"username": "Bob"}, "text": "{user_name}"}
        assert await at.ask("POST", path, json=later) == (200, "Bob")
        assert await at.ask("POST", path, data={"username": "Bob"}) == (422, fault("text"))


async def test_two_spellings_are_one_user_and_owners_of_platforms_are_themselves() -> None:
    async with door() as at:
        at.say("onebot:group:1:2", USER)
        assert await at.ask("GET", f"{CONTEXT}/get/onebot:group:1:2") == (200, [USER])
        assert await at.ask("POST", f"{PROMPT}/set/Group:1:2", data={"prompt": "x"}) == (200, "Prompt set successfully")
        assert await at.ask("GET", f"{PROMPT}/get/Group_1_2") == (200, "x")


async def test_what_was_done_to_a_context_is_undone() -> None:
    async with door() as at:
        at.say("u2", USER, MODEL)
        await at.ask("POST", f"{CONTEXT}/withdraw/u2", data={"index": 0})
        await at.ask("DELETE", f"{CONTEXT}/delete/u2")
        for left in ([SHOWN], [USER, SHOWN]):
            assert await at.ask("POST", f"{CONTEXT}/undo/u2") == (200, "Context change undone successfully")
            assert await at.ask("GET", f"{CONTEXT}/get/u2") == (200, left)
        assert (await at.ask("POST", f"{CONTEXT}/undo/u2"))[0] == 400


async def test_a_context_is_forked_at_any_unit_and_renamed() -> None:
    async with door() as at:
        at.say("u2", USER, MODEL)
        fork = await at.ask("POST", f"{CONTEXT}/fork/u2", data={"new_branch_id": "b", "index": 1})
        assert fork == (200, "Context forked successfully")
        assert await at.ask("GET", f"{CONTEXT}/get/u2") == (200, [USER])
        new = {"role": "assistant", "content": "otherwise"}
        injected = await at.ask("POST", f"{CONTEXT}/inject/u2", data=new)
        assert injected == (200, [USER, new])
        renamed = await at.ask("POST", f"{CONTEXT}/rename/u2", data={"new_branch_id": "c"})
        assert renamed == (200, "Context renamed successfully")
        assert await at.ask("GET", f"{CONTEXT}/now_branch/u2") == (200, "c")
        assert await at.ask("GET", f"{CONTEXT}/branch/u2") == (200, ["c", "default"])
        for index in (9, -1):
            assert (await at.ask("POST", f"{CONTEXT}/fork/u2", data={"new_branch_id": "d", "index": index}))[0] == 400
        assert (await at.ask("POST", f"{CONTEXT}/rename/u2", data={"new_branch_id": "default"}))[0] == 400
        assert (await at.ask("POST", f"{CONTEXT}/inject/u2", data={"role": "robot", "content": "x"}))[0] == 400


async def test_later_clients_withdraw_rounds() -> None:
    async with door() as at:
        asked = {"role": "user", "content": "a"}
        at.say("u2", USER, MODEL, asked, {"summary": {"text": "s", "upto": 1}}, MODEL, MODEL)
        path = f"{CONTEXT}/withdraw/u2"
        status, answer = await at.ask("POST", path, data={"context_pair_num": 1})
        gone = [asked, SHOWN, SHOWN]
        assert (status, answer) == (
            200,
            {
                "status": "success",
                "deleted": 3,
                "deleted_context": gone,
                "delete_context_pair": 1,
                "context": [USER, SHOWN],
            },
        )
        assert (await at.ask("POST", path, data={"context_pair_num": 9}))[1]["context"] == []
        assert (await at.ask("POST", path, json={"context_pair_num": 1}))[1]["deleted"] == 0
        assert (await at.ask("POST", path, json={"context_pair_num": 0}))[0] == 422
