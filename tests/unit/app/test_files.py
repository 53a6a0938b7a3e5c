"""Files of messages: kept for a while, decoded, fetched from where anybody may fetch."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from hubbub.app.files import FileRules, HubFiles
from hubbub.core.errors import MediaError, Unstorable
from hubbub.core.messages import Blob, Media
from hubbub.storage.sqlite.store import SqliteStore

MOVED = {
    "/moved": "/picture",
    "/round": "/round",
    "/inside": "http://10.0.0.1/secret",
    "/file": "file:///etc/passwd",
}
LOCAL = ("127.0.0.0/8", "::1/128")


class Clock:
    now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(tmp_path)
    await store.open()
    yield store
    await store.close()


async def test_what_is_kept_is_there_for_a_while_and_cannot_be_guessed(store: SqliteStore) -> None:
    clock = Clock()
    files = HubFiles(store.files, clock)
    first, second = [await files.keep(Blob(b"x", "image/png", "a.png"), 60) for _ in range(2)]
    assert first.startswith("hub:")
    assert len(set(first) ^ set(second)) > 1
    assert len(first) > 30
    assert await files.fetch(Media(first)) == Blob(b"x", "image/png", "a.png")
    clock.now += 61
    with pytest.raises(MediaError, match="not kept"):
        await files.fetch(Media(first))


async def test_what_is_too_large_is_not_kept(store: SqliteStore) -> None:
    files = HubFiles(store.files, Clock(), FileRules(file_bytes=10))
    with pytest.raises(Unstorable, match="too large"):
        await files.keep(Blob(b"x" * 11), 60)


@pytest.mark.parametrize(
    ("url", "blob"),
    [
        ("data:text/plain;base64,aGk=", Blob(b"hi", "text/plain", "n")),
        ("data:;base64,aGk=", Blob(b"hi", "text/plain", "n")),
        ("data:text/x,a%20b", Blob(b"a b", "text/x", "n")),
    ],
)
async def test_data_urls(store: SqliteStore, url: str, blob: Blob) -> None:
    assert await HubFiles(store.files, Clock()).fetch(Media(url, name="n")) == blob


@pytest.mark.parametrize(
    "url",
    [
        "data:text/plain;base64,a",
        "data:text/plain",
        "data:;base64," + base64.b64encode(b"x" * 101).decode(),
        "data:," + "x" * 101,
        "data:," + "%41" * 200,
        "hub:nothing",
        "hub:",
        "file:///etc/passwd",
        "ftp://example.com/x",
        "/etc/passwd",
        "",
    ],
)
async def test_what_cannot_be_had(store: SqliteStore, url: str) -> None:
    with pytest.raises(MediaError):
        await HubFiles(store.files, Clock(), FileRules(file_bytes=100)).fetch(Media(url))


class Site:
    """A web server of ours on the loopback."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.url = ""
        self.over = asyncio.Event()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.path)
        if request.path in MOVED:
            raise web.HTTPFound(MOVED[request.path])
        match request.path:
            case "/picture":
                return web.Response(body=b"PNG", content_type="image/png")
            case "/large":
                return web.Response(body=b"x" * 2000)
            case "/endless":
                return await self.endless(request)
            case "/slow":
                await self.over.wait()
        raise web.HTTPNotFound

    async def endless(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while not self.over.is_set():
            await response.write(b"x" * 1000)
            await asyncio.sleep(0)
        return response


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    site = Site()
    app = web.Application()
    app.router.add_get("/{path:.*}", site.answer)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    listener = web.TCPSite(runner, "127.0.0.1", 0)
    await listener.start()
    site.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield site
    site.over.set()
    await runner.cleanup()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0x7f.1", "127.1", "2130706433", "[::ffff:127.0.0.1]"])
async def test_what_is_not_public_is_never_reached(store: SqliteStore, site: Site, host: str) -> None:
    files = HubFiles(store.files, Clock())
    port = site.url.rpartition(":")[2]
    with pytest.raises(MediaError):
        await files.fetch(Media(f"http://{host}:{port}/picture"))
    assert site.asked == []


async def test_a_picture_is_fetched_also_where_it_moved(store: SqliteStore, site: Site) -> None:
    files = HubFiles(store.files, Clock(), FileRules(fetch_networks=LOCAL))
    for path in ("/picture", "/moved"):
        assert await files.fetch(Media(site.url + path)) == Blob(b"PNG", "image/png", "picture")


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/large", "more than 1000 bytes"),
        ("/endless", "more than 1000 bytes"),
        ("/round", "on and on"),
        ("/inside", "no public address"),
        ("/file", "not fetched"),
        ("/none", "404"),
    ],
)
async def test_what_is_refused(store: SqliteStore, site: Site, path: str, why: str) -> None:
    files = HubFiles(store.files, Clock(), FileRules(file_bytes=1000, fetch_networks=LOCAL))
    with pytest.raises(MediaError, match=why):
        await files.fetch(Media(f"{site.url}{path}?key=secret"))


async def test_what_is_too_slow_is_given_up(store: SqliteStore, site: Site) -> None:
    files = HubFiles(store.files, Clock(), FileRules(fetch_seconds=0.2, fetch_networks=LOCAL))
    with pytest.raises(MediaError, match="longer than") as caught:
        await files.fetch(Media(f"{site.url}/slow?key=secret"))
    assert "secret" not in str(caught.value)
