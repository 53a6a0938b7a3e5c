"""A hub with its pages, a model that answers as told, and a browser without a screen.

``async with site(folder) as here: browser = await here.browser(); await browser.open()``. The browser keeps cookies,
sends the headers that browsers send, and finds the token that the page gave it.
"""

from __future__ import annotations

import asyncio
import html
import io
import logging
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
from typing_extensions import override
from yarl import URL

from hubbub.api.auth import ADMIN_KEY
from hubbub.app import Hub, open_hub
from hubbub.core.addresses import Room
from hubbub.core.capabilities import Delivery
from hubbub.core.events import Received
from hubbub.core.identities import Author
from hubbub.core.messages import Text
from hubbub.core.work import Outgoing, Row, State, Unit
from hubbub.settings import load
from tests.fakes.model import FakeModel

PASSWORD = "correct horse battery"
ELSEWHERE = Room("test", "t", "private", "t")
TOKEN = re.compile(r'"x-csrf-token":"(\w+)"')


@dataclass(frozen=True)
class Page:
    """What came back."""

    status: int
    text: str
    headers: Mapping[str, str]

    @property
    def words(self) -> str:
        """What a person reads."""
        return html.unescape(re.sub(r"<[^>]*>", " ", self.text))


@dataclass(frozen=True)
class Event:
    """One server-sent event."""

    name: str
    data: str


@dataclass
class Browser:
    """One visitor."""

    url: str
    http: aiohttp.ClientSession
    language: str = "en"
    csrf: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    async def open(self, path: str = "/", **headers: str) -> Page:
        """Go to a page."""
        sent = {"accept": "text/html", "accept-language": self.language, **self.headers, **headers}
        async with self.http.get(URL(self.url + path, encoded=True), headers=sent) as response:
            page = Page(response.status, await response.text(), response.headers)
        if found := TOKEN.search(page.text):
            self.csrf = found[1]
        return page

    async def post(self, path: str, data: Any = (), **headers: str) -> Page:
        """Send a form as htmx does; a header that is "" is left out."""
        sent = {
            "accept-language": self.language,
            "origin": self.url,
            "sec-fetch-site": "same-origin",
            "hx-request": "true",
            "x-csrf-token": self.csrf,
            **self.headers,
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        sent = {name: value for name, value in sent.items() if value}
        body = io.BytesIO(urlencode(data).encode())
        sent.setdefault("content-type", "application/x-www-form-urlencoded")
        async with self.http.post(self.url + path, data=body, headers=sent, allow_redirects=False) as response:
            return Page(response.status, await response.text(), response.headers)

    async def login(self, secret: str = PASSWORD, target: str = "/console") -> Page:
        """Log in, and look at the page behind."""
        answer = await self.post("/page/login", {"secret": secret, "next": target}, hx_request="", x_csrf_token="")
        return await self.open(answer.headers["location"]) if answer.status == 303 else answer

    async def events(self, path: str) -> AsyncIterator[Event]:
        """Listen."""
        async with self.http.get(self.url + path, headers={"accept": "text/event-stream", **self.headers}) as response:
            assert response.status == 200, response.status
            name, data = "", []
            async for line in response.content:
                text = line.decode().removesuffix("\n")
                if text.startswith("event: "):
                    name = text[7:]
                elif text.startswith("data: "):
                    data.append(text[6:])
                elif not text and name:
                    yield Event(name, "\n".join(data))
                    name, data = "", []

    async def say(self, text: str, conversation: str = "", **fields: str) -> Said:
        """Send a message; its answer can be listened to."""
        page = await self.post("/page/messages", {"text": text, "c": conversation, **fields})
        assert page.status == 200, page.text
        if redirect := page.headers.get("hx-redirect"):
            return Said(self, redirect.partition("?c=")[2], "")
        return Said(self, named(page.text, "data-c"), named(page.text, "sse-connect"))

    async def ask(self, text: str, conversation: str = "", **fields: str) -> str:
        """Send a message and wait for what stays of it."""
        return await (await self.say(text, conversation, **fields)).done()


@dataclass(frozen=True)
class Said:
    """A message that was taken."""

    browser: Browser
    conversation: str
    address: str

    async def done(self) -> str:
        """The round that stays."""
        async with asyncio.timeout(20):
            async for event in self.browser.events(self.address):
                if event.name == "done":
                    return event.data
        raise AssertionError


def named(text: str, attribute: str) -> str:
    """The value of an attribute of a page."""
    found = re.search(rf'{attribute}="([^"]*)"', text)
    assert found is not None, text
    return html.unescape(found[1])


@dataclass
class Site:
    """A running hub."""

    hub: Hub
    model: FakeModel
    folder: Path
    stack: AsyncExitStack

    @property
    def url(self) -> str:
        return self.hub.url

    async def browser(self, language: str = "en", **headers: str) -> Browser:
        """Another visitor."""
        jar = aiohttp.CookieJar(unsafe=True)
        http = await self.stack.enter_async_context(aiohttp.ClientSession(cookie_jar=jar))
        return Browser(self.url, http, language, headers=headers)


@asynccontextmanager
async def site(
    folder: Path, environ: Mapping[str, str] | None = None, *, port: int = 0, model: FakeModel | None = None
) -> AsyncIterator[Site]:
    """A hub in this folder; a second one in the same folder goes on where the first ended."""
    async with AsyncExitStack() as stack:
        fake = model if model is not None else await stack.enter_async_context(FakeModel())
        variables = {
            "HUBBUB_DATA_DIR": str(folder / "data"),
            "HUBBUB_PORT": str(port),
            "HUBBUB_ADMIN_PASSWORD": PASSWORD,
            "OPENAI_API_KEY": "sk-test",
            "OPENAI_BASE_URL": fake.url,
            "HUBBUB_MODEL": "fake-model",
            **(environ or {}),
        }
        settings = load(environ=variables, folder=folder)
        with log_level(logging.INFO):
            hub = await stack.enter_async_context(open_hub(settings))
            async with asyncio.timeout(10):
                await hub.late_models.known.wait()
                while await hub.store.secrets.get(ADMIN_KEY) is None:
                    await asyncio.sleep(0.01)
            async with AsyncExitStack() as browsers:
                yield Site(hub, fake, folder, browsers)


class log_level:  # noqa: N801 - used as a word
    """The log as a running hub has it."""

    def __init__(self, level: int) -> None:
        self.level = level
        self.before = logging.root.level

    def __enter__(self) -> None:
        logging.root.setLevel(self.level)

    def __exit__(self, *_: object) -> None:
        logging.root.setLevel(self.before)


async def commit(here: Site, name: str, unit: Unit, room: Room = ELSEWHERE, dead: str = "") -> Sequence[Row]:
    """Store what handling an entry would; ``name`` tells it from others, ``dead`` why it is given up instead."""
    event = Received(name, room, Author("2"), (Text(f"text of {name}"),), 0.0, name)
    receipt = await here.hub.store.inbox.accept(event, f"lane {name}", "test")
    assert receipt.claim is not None
    lane, fence, entry = receipt.claim.lane, receipt.claim.fence, receipt.entry.id
    sends = tuple(replace(each, entry=entry) for each in unit.sends)
    ended = replace(unit, dead=((entry, dead),)) if dead else replace(unit, done=(entry,), sends=sends)
    stored = await here.hub.store.inbox.commit(lane, fence, ended, release=True)
    return stored.rows


async def in_doubt(here: Site, text: str, end: State) -> int:
    """A message of an account as it stands after a crash or a refusal; its number."""
    room = Room("onebot", "1", "group", "7")
    rows = await commit(here, text, Unit(sends=(Outgoing(room, (Text(text),), delivery=Delivery.BLIND),)), room)
    await here.hub.store.outbox.begin(rows[0].id)
    await here.hub.store.outbox.fail(rows[0].id, end, "it broke off")
    return rows[0].id


def scripts(page: Page) -> list[str]:
    """Whatever a strict policy would not let run or show: scripts and styles that stand in the page itself."""
    finder = _Inline()
    finder.feed(page.text)
    return finder.found


class _Inline(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if (tag == "script" and "src" not in given) or tag in ("style", "iframe", "object", "embed"):
            self.found.append(tag)
        for name, value in given.items():
            if (
                name.startswith(("on", "hx-on"))
                or name == "style"
                or value.strip().lower().startswith(("javascript:", "js:"))
            ):
                self.found.append(f"{tag} {name}")
