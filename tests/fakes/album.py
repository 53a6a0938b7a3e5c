"""A service of the form of api.lolicon.app/setu/v2 that takes nothing else, and the host of its pictures."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

PICTURE = b"\xff\xd8\xff\xe0" + bytes(60)
_KEYS = frozenset(
    (
        "r18",
        "num",
        "uid",
        "keyword",
        "tag",
        "size",
        "proxy",
        "dateAfter",
        "dateBefore",
        "dsc",
        "excludeAI",
        "aspectRatio",
    )
)
_SIZES = frozenset(("original", "regular", "small", "thumb", "mini"))


@dataclass
class AlbumService:
    """``pictures`` by one of their tags; ``gone``: the pictures themselves are not there; ``raw``: what is answered."""

    url: str = ""
    gone: bool = False
    kind: str = "image/jpeg"
    status: int = 200
    raw: bytes | None = None
    adult: bool = False
    wishes: list[dict[str, Any]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    async def pick(self, request: web.Request) -> web.Response:
        wish = await request.json()
        self.wishes.append(wish)
        if wrong := _wrong(request, wish):
            self.refused.append(wrong)
            return web.json_response({"error": wrong, "data": []})
        if self.raw is not None or self.status != 200:
            return web.Response(body=self.raw or b"", status=self.status)
        return web.json_response({"error": "", "data": [] if "nothing" in wish.get("tag", ()) else [self._one(wish)]})

    def _one(self, wish: dict[str, Any]) -> dict[str, Any]:
        return {
            "pid": 100,
            "p": 0,
            "uid": 5,
            "title": "Night",
            "author": "Mio",
            "r18": self.adult,
            "width": 10,
            "height": 10,
            "tags": ["cat", "night"],
            "ext": "jpg",
            "aiType": 0,
            "uploadDate": 1_600_000_000_000,
            "urls": {size: f"{self.url}/img/{size}.jpg" for size in wish["size"]},
        }

    async def picture(self, request: web.Request) -> web.Response:
        if self.gone:
            return web.Response(status=404)
        return web.Response(body=PICTURE, content_type=self.kind)


def _wrong(request: web.Request, wish: dict[str, Any]) -> str:
    if request.content_type != "application/json":
        return "no JSON"
    if unknown := set(wish) - _KEYS:
        return f"unknown keys: {sorted(unknown)}"
    if wish.get("r18") != 0 or wish.get("num") != 1:
        return "r18 and num"
    if "tag" in wish and not (
        isinstance(wish["tag"], list) and all(isinstance(tag, str) and tag for tag in wish["tag"])
    ):
        return "tag"
    if not set(wish.get("size", ())) <= _SIZES or not isinstance(wish.get("proxy"), str):
        return "size and proxy"
    return ""


@asynccontextmanager
async def album_service(**conduct: Any) -> AsyncIterator[AlbumService]:
    """Serve it on a free port of this machine."""
    found = AlbumService(**conduct)
    app = web.Application()
    app.router.add_post("/setu/v2", found.pick)
    app.router.add_get("/img/{name}", found.picture)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    found.url = f"http://{host}:{port}"
    try:
        yield found
    finally:
        await runner.cleanup()
