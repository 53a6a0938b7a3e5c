"""Whatever comes: no answer of 500, and nobody reaches another's data by a strange name."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from tests.unit.api.repeater.door import door

FORM = {"content-type": "application/x-www-form-urlencoded"}
PATH = "/chat/completion/u1"
NAMES = (
    "复读机", "\U0001f468\u200d\U0001f469\u200d\U0001f467 family", "a b", "a:b:c", "a/b", "../../etc", "a" * 300, "%2F",
    "a\\b", "C:\\x", "?", "#", "\x00", "\x7f", "a.zip", "default.json", "userlist", "\ud7ff", "é" * 900, "a" * 20_000,
)  # fmt: skip


async def test_any_name_is_a_user() -> None:
    async with door() as at:
        for count, name in enumerate(NAMES, 1):
            user = quote(name, safe="")
            done = await at.ask("POST", f"/userdata/prompt/set/{user}", data={"prompt": f"mine {count}"})
            assert done == (200, "Prompt set successfully"), name
            assert await at.ask("GET", f"/userdata/prompt/get/{user}") == (200, f"mine {count}")
            set_one = await at.ask("PUT", f"/userdata/config/set/{user}/int", data={"key": "k", "value": "1"})
            assert set_one == (200, {"k": 1})
            changed = await at.ask("POST", f"/userdata/context/change/{user}", data={"new_branch_id": name})
            assert changed[0] in (200, 422)
            assert (await at.ask("POST", f"/chat/completion/{user}", data={"message": "hi"}))[0] == 200
            assert (await at.client.get(f"/userdata/file/{user}.zip")).content.startswith(b"PK")
        users = (await at.ask("GET", "/userdata/prompt/userlist"))[1]
        # "?", "#" and so on are all "_", and the two spellings of a path are one.
        assert len(users) == len({re.sub(r'[<>:"/\\\\|?*\x00-\x1f\x7f]', "_", name) for name in NAMES})
        assert await at.ask("GET", "/userdata/prompt/get/somebody") == (200, "")


async def test_nobody_is_no_user() -> None:
    async with door() as at:
        assert (await at.ask("GET", "/userdata/prompt/get/"))[0] == 404
        assert (await at.ask("GET", "/userdata/prompt/get"))[0] == 404


BODIES: tuple[tuple[bytes, dict[str, str], int], ...] = (
    (b"message=" + b"x" * 200_000, FORM, 413),
    (b"x=1&" * 500, FORM, 400),
    (b"role=%FF%FE&=&&%", FORM, 422),
    (b"message=%FF%00%", FORM, 200),
    (b"{", {"content-type": "application/json"}, 422),
    (b"[1]", {"content-type": "application/json"}, 422),
    (b'"x"', {"content-type": "application/json"}, 422),
    (b'{"message": 5}', {"content-type": "application/json"}, 422),
    (b'{"message": null}', {"content-type": "application/json"}, 200),
    (b'{"message": "\\ud800"}', {"content-type": "application/json"}, 422),
    (b'{"a": ' + b"[" * 100 + b"]" * 100 + b"}", {"content-type": "application/json"}, 400),
    (b'{"user_info": 7}', {"content-type": "application/json"}, 422),
    (b"message=hi", {"content-type": "text/plain"}, 415),
    (b"message=hi", {}, 415),
    (b"message=hi", {"content-type": "multipart/form-data"}, 400),
    (b"message=hi", {"content-type": "multipart/form-data; boundary=x"}, 400),
    (
        b"--x\r\nContent-Disposition: form-data\r\n\r\nhi\r\n--x--",
        {"content-type": "multipart/form-data; boundary=x"},
        400,
    ),
    (
        b'--x\r\nContent-Disposition: form-data; name="message"\r\n\r\nhi\r\n--x--',
        {"content-type": "multipart/form-data; boundary=x"},
        200,
    ),
    (
        b'--x\r\nContent-Disposition: form-data; name="message"; filename="f"\r\n\r\nhi\r\n--x--',
        {"content-type": "multipart/form-data; boundary=x"},
        422,
    ),
    (
        b'--x\r\nContent-Disposition: form-data; name="message"\r\n\r\nhi',
        {"content-type": "multipart/form-data; boundary=x"},
        400,
    ),
)


async def test_a_body_that_cannot_be_read_is_refused() -> None:
    async with door() as at:
        for body, headers, expected in BODIES:
            before = len(at.hub.entries)
            answer = await at.client.post(PATH, content=body, headers=headers)
            assert answer.status_code == expected, (body[:80], answer.text)
            if expected != 200:
                assert list(answer.json()) == ["detail"]
                assert len(at.hub.entries) == before


async def test_long_values_are_not_sent_back() -> None:
    async with door() as at:
        answer = await at.client.post(PATH, data={"load_prompt": "x" * 50_000, "role": "y" * 20_000})
        assert answer.status_code == 422
        assert len(answer.content) < 2000


async def test_other_methods_are_refused() -> None:
    async with door() as at:
        for method, path in (("PUT", PATH), ("GET", "/admin/reload/apiinfo"), ("DELETE", "/calllog")):
            assert await at.ask(method, path) == (405, {"detail": "Method Not Allowed"})


async def test_other_paths_are_not_there() -> None:
    async with door() as at:
        assert await at.ask("GET", "/userdata/nothing/get/u1") == (404, {"detail": "Not Found"})


VALUES: tuple[Any, ...] = (
    None, True, 5, -(2**63), 2**63, 10**400, 0.5, -0.0, "", "x", "1e5", "1_000", " 7 ", "nan", "\x00", [], {}, [[[]]],
    {"": {"a": [None]}}, "[1", '{"a": 1e999}', "[" * 40 + "]" * 40, "\u0660",
)  # fmt: skip


async def test_settings_take_what_json_can_say_and_give_it_back() -> None:
    async with door() as at:
        for kind in ("int", "float", "string", "bool", "dict", "list", "null", "x"):
            for value in VALUES:
                ways: list[dict[str, Any]] = [{"data": {"key": "k", "value": str(value)}}]
                ways.append({"json": {"key": "k", "value": value}})
                for way in ways:
                    status, answer = await at.ask("PUT", f"/userdata/config/set/u1/{kind}", **way)
                    assert status in (200, 400, 422), (kind, value, answer)
                    if status == 200:
                        assert await at.ask("GET", "/userdata/config/get/u1") == (200, answer)
