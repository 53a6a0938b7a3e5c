"""The requests that were once put to the Repeater's own backend, put to the hub: it answers as that did.

What was wrong there, and what notes say of it, stands in `BETTER`; everything else is the same but for ids, times and
what is random.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp

from hubbub.app import open_hub
from hubbub.settings import load
from tests.fakes.model import FakeModel

OBSERVED = Path(__file__).parents[1] / "fixtures" / "repeater" / "observed.txt"
KEY = "abcdefghijklmnop0123456789"
ENV = """
HOST=0.0.0.0
PORT=0
API_INFO_FILE_PATH={folder}/apiconfig.json
CALL_LOG_FILE_PATH=./config/calllog.jsonl
USER_DATA_DIR=./data/userdata
DEFAULT_MODEL_TYPE=chat
BOT_NAME=复读机
BIRTHDAY_YEAR=2024
BIRTHDAY_MONTH=06
BIRTHDAY_DAY=28
TIMEZONE_OFFSET=8
VERSION=4.0.2.1 Beta
ADMIN_API_KEY={key}
WKHTMLTOPDF_PATH=/usr/bin/wkhtmltoimage
DEEPSEEK_API_KEY=sk-upstream
"""

HI = {"role": "user", "content": "hi TIME"}
SAID = {"role": "assistant", "content": "Hello Bob **bold**", "reasoning_content": "think "}
HI2 = {"role": "user", "content": "hi2", "name": "Bobby"}
ON = {"role": "assistant", "content": "Hello  **bold**", "reasoning_content": "think "}
HEY = {"role": "user", "content": "hey", "name": "Z"}
TO_Z = {"role": "assistant", "content": "Hello Z **bold**", "reasoning_content": "think "}
GROUP = [HI, SAID, HI2, SAID, ON]
NEW = {"role": "assistant", "content": "NEW", "reasoning_content": "think "}
AFTER = [SAID, HI2, SAID, ON, HEY, TO_Z]
SETTINGS: dict[str, object] = {"temperature": 0.5, "b": False, "l": ["a"], "d": {"a": 1}, "n": None}

BETTER: dict[tuple[str, int], tuple[int, object]] = {
    # An empty folder was a failure, and so was an id with a colon.
    ("$B/userdata/context/userlist", 0): (200, []),
    ("$B/userdata/context/branch/Group:1:2", 0): (200, []),
    ("$B/userdata/context/branch/Group:1:2", 1): (200, ["default"]),
    # What a request did wrong, and a model that failed, were the server's failures.
    ("-X POST $B/chat/completion/Group:1:2 -d message=x -d role=robot", 0): (422, ...),
    ("-X POST $B/chat/completion/Group:1:2 -d message=FAIL -d load_prompt=false", 0): (502, ...),
    # Going on forgot all that was said before.
    ("$B/userdata/context/get/Group:1:2", 1): (200, GROUP),
    ("$B/userdata/context/length/Group:1:2", 1): (
        200,
        {"total_context_length": len("hi 2026-11-20 12:42:07 UTC+08:00") + 6 + 3 + 6 + 6, "context_length": 5},
    ),
    ("$B/userdata/context/get/u2", 0): (200, [*GROUP, HEY, TO_Z]),
    ("-X POST $B/userdata/context/withdraw/u2 -d index=0", 0): (200, AFTER),
    ("-X POST $B/userdata/context/rewrite/u2 -d index=0 -d content=NEW", 0): (200, [NEW, *AFTER[1:]]),
    # ... so another unit, which is no model's, stands at this place.
    ("-X POST $B/userdata/context/rewrite/u2 -d index=1 -d reasoning_content=RRR", 0): (
        400,
        {"detail": "Only assistant can have reasoning_content"},
    ),
    # The documents say that it is a field of the form.
    ("-X POST $B/userdata/context/change/u2 -d new_branch_id=b", 0): (200, "Context changed successfully"),
    # Settings could not be shown, and were read as the wrong type.
    ("$B/userdata/config/get/u2", 0): (200, {}),
    ("-X PUT $B/userdata/config/set/u2/bool -d key=b -d value=false", 0): (200, {"temperature": 0.5, "b": False}),
    ('-X PUT $B/userdata/config/set/u2/list -d key=l -d value=["a"]', 0): (
        200,
        {"temperature": 0.5, "b": False, "l": ["a"]},
    ),
    ('-X PUT $B/userdata/config/set/u2/dict -d key=d -d value={"a":1}', 0): (
        200,
        {"temperature": 0.5, "b": False, "l": ["a"], "d": {"a": 1}},
    ),
    ("-X PUT $B/userdata/config/set/u2/int -d key=i -d value=1.5", 0): (400, ...),
    ("-X PUT $B/userdata/config/set/u2/null -d key=n -d value=x", 0): (200, SETTINGS),
    ("$B/userdata/config/get/u2", 1): (200, SETTINGS),
    ("-X POST $B/userdata/config/delkey/u2 -d key=b", 0): (
        200,
        {key: value for key, value in SETTINGS.items() if key != "b"},
    ),
    ("$B/userdata/config/branch/u2", 0): (200, ["default"]),
    ("-X DELETE $B/userdata/config/delete/u2", 0): (200, "Config deleted successfully"),
    ("$B/userdata/file/u2.zip", 0): (200, ...),
    # Nobody was told the new key.
    (f"-X POST $B/admin/regenerate/admin_key -H X-Admin-API-Key: {KEY}", 0): (200, ...),
    ("$B/readme.md", 0): (200, ...),
}


@dataclass(frozen=True)
class Request:
    """One request, and what was answered."""

    arguments: str
    status: int
    headers: dict[str, str]
    body: str

    @property
    def parts(self) -> tuple[str, str, dict[str, str], list[tuple[str, str]]]:
        """Method, URL with ``$B``, headers and fields of the form."""
        method, url, headers, fields = "GET", "", {}, []
        for part in re.split(r" (?=-d |-H |--data-urlencode )", self.arguments):
            option, _, rest = part.partition(" ")
            if option in ("-d", "--data-urlencode"):
                name, _, value = rest.partition("=")
                fields.append((name, value))
            elif option == "-H":
                name, _, value = rest.partition(": ")
                headers[name] = value
            elif option == "-X":
                method, url = rest.split(" ")
            else:
                url = part
        return method, url, headers, fields


def requests() -> list[Request]:
    """All of them, in order."""
    found = []
    for block in OBSERVED.read_text(encoding="utf-8").split("### ")[1:]:
        arguments, _, answer = block.partition("\nHTTP/1.1 ")
        status, *lines = answer.removesuffix("\n").split("\n")
        headers = {}
        while lines and (
            header := re.fullmatch(r"(content-type|cache-control|x-content-type-options): (.*)", lines[0])
        ):
            headers[header[1]] = header[2]
            lines.pop(0)
        found.append(Request(arguments, int(status[:3]), headers, "\n".join(lines)))
    return found


@dataclass
class Probe:
    """The hub as a person who had the backend starts it, with the `.env` that they have."""

    http: aiohttp.ClientSession
    model: FakeModel

    async def ask(self, request: Request) -> Request:
        """The hub's answer in the same form."""
        method, url, headers, fields = request.parts
        if ("message", "FAIL") in fields:
            self.model.fail(403)  # nobody asks again after it
        if fields:
            headers["content-type"] = "application/x-www-form-urlencoded"
        body = urlencode(fields) if fields else None
        async with self.http.request(method, url.removeprefix("$B"), data=body, headers=headers) as answer:
            data = await answer.read()
            kept = {name: answer.headers[name] for name in request.headers if name in answer.headers}
            return Request(request.arguments, answer.status, kept, data.decode("utf-8", "replace"))


@asynccontextmanager
async def probe(folder: Path) -> AsyncIterator[Probe]:
    async with FakeModel(check=False, reply="Hello {user_name} **bold**", reasoning="think ") as model:
        api = {"Name": "Deepseek", "ApiKeyEnv": "DEEPSEEK_API_KEY", "URL": model.url}
        chat = {"Name": "Deepseek V3", "Id": "deepseek-chat", "Type": "chat"}
        (folder / "apiconfig.json").write_text(json.dumps([api | {"models": [chat]}]))
        (folder / ".env").write_text(ENV.format(folder=folder, key=KEY), encoding="utf-8")
        settings = load(environ={}, folder=folder, options={"server.data_dir": folder / "data"})
        async with open_hub(settings) as hub, aiohttp.ClientSession(hub.url) as http:
            yield Probe(http, model)


def plain(text: str) -> str:
    """Without what differs from one time to the next."""
    text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\+08:00", "TIME", text)
    text = re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UUID", text)
    text = re.sub(r"http://127\.0\.0\.1:\d+", "$B", text)
    return re.sub(r"⏳ 距离复读机生日还有：\d+天|🎉 今天是复读机生日，Happy Birthday!", "BIRTHDAY", text)


def of_variables(text: str) -> list[str]:
    """What each variable came to, where it can be known."""
    found = plain(text).split("|")
    for place, form in ((7, r"\d+"), (8, r"[1-9]|10"), (9, r"1\.\d+|2\.0"), (10, r"a|b c"), (15, r"\\\d+")):
        assert re.fullmatch(form, found[place]), (place, found[place])
        found[place] = form
    return found


def shape(record: Any) -> list[tuple[str, str]]:
    """Names and types of a call's fields, in order."""
    return [(name, type(value).__name__) for name, value in record.items()]


def first_record(text: str) -> Any:
    return json.JSONDecoder().raw_decode(text.removeprefix("["))[0]


def expected_of(request: Request, number: int) -> tuple[int, object] | None:
    return BETTER.get((request.arguments, number))


def same(request: Request, answer: Request) -> None:
    """The answer is what was observed."""
    assert (answer.status, answer.headers) == (request.status, request.headers)
    url = request.parts[1]
    if url.startswith("$B/calllog"):
        assert shape(first_record(answer.body)) == shape(first_record(request.body))
        fixed = ("user_id", "user_name", "model", "stream", "reasoning_content_length", "new_content_length")
        for name in fixed:
            assert first_record(answer.body)[name] == first_record(request.body)[name], name
    elif url.endswith("/userlist"):
        assert sorted(json.loads(answer.body)) == sorted(json.loads(request.body))  # it was the order of a folder
    elif "{random 1 10}" in request.arguments:
        assert of_variables(answer.body) == of_variables(request.body)
    else:
        assert plain(answer.body) == plain(request.body)


async def test_the_hub_answers_as_the_backend_did(tmp_path: Path) -> None:
    counted: dict[str, int] = {}
    used = set()
    async with probe(tmp_path) as at:
        for request in requests():
            number = counted.get(request.arguments, 0)
            counted[request.arguments] = number + 1
            answer = await at.ask(request)
            better = expected_of(request, number)
            assert answer.status != 500
            if better is None:
                same(request, answer)
                continue
            used.add((request.arguments, number))
            status, body = better
            assert answer.status == status, (request.arguments, answer.body)
            if body is not ...:
                text = plain(answer.body)
                assert (text if isinstance(body, str) else json.loads(text)) == body, request.arguments
    assert used == set(BETTER)


async def test_every_answer_but_a_models_comes_at_once(tmp_path: Path) -> None:
    """Clients give up after five seconds, also on a machine that is busy."""
    async with probe(tmp_path) as at:
        loop_time = asyncio.get_running_loop().time
        await at.ask(requests()[0])  # the framework is loaded with the first request
        slowest = 0.0
        for request in requests():
            if "/chat/completion" not in request.arguments:
                began = loop_time()
                await at.ask(request)
                slowest = max(slowest, loop_time() - began)
        assert slowest < 4
