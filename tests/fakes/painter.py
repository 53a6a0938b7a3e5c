"""A service of OpenAI's image endpoints that refuses what it refuses."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web

KEY = "sk-painter"
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(40)
_SIZES = ("256x256", "512x512", "1024x1024")


@dataclass
class PainterService:
    """``status``: refuse with it. ``as_url``: answer with an address, as old services do. ``data``: what is painted."""

    status: int = 200
    as_url: str = ""
    data: bytes = PICTURE
    wishes: list[dict[str, Any]] = field(default_factory=list)

    async def generations(self, request: web.Request) -> web.Response:
        return self._painted(request, json.loads(await request.read()))

    async def edits(self, request: web.Request) -> web.Response:
        wish: dict[str, Any] = {}
        async for part in await request.multipart():
            assert isinstance(part, aiohttp.BodyPartReader)
            assert part.name
            data = bytes(await part.read())
            wish[part.name] = data if part.filename else data.decode()
        if not wish.get("image", b"").startswith(b"\x89PNG"):
            return _error(400, "Uploaded image must be a PNG")
        return self._painted(request, wish)

    def _painted(self, request: web.Request, wish: dict[str, Any]) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {KEY}":
            return _error(401, "Incorrect API key provided")
        if self.status != 200:
            return _error(self.status, "Your request was rejected as a result of our safety system")
        always_data = str(wish.get("model", "")).startswith("gpt-image")
        if always_data and "response_format" in wish:
            return _error(400, "Unknown parameter: 'response_format'")
        if not wish.get("prompt") or wish.get("size", "512x512") not in _SIZES:
            return _error(400, "bad request")
        self.wishes.append(wish)
        if self.as_url:
            return web.json_response({"created": 1, "data": [{"url": self.as_url}]})
        return web.json_response({"created": 1, "data": [{"b64_json": base64.b64encode(self.data).decode()}]})


def _error(status: int, text: str) -> web.Response:
    return web.json_response({"error": {"message": text}}, status=status)


@asynccontextmanager
async def painter_service(service: PainterService) -> AsyncIterator[str]:
    """Serve it on a free port; yields its base URL."""
    app = web.Application(client_max_size=30 << 20)
    app.router.add_post("/v1/images/generations", service.generations)
    app.router.add_post("/v1/images/edits", service.edits)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        yield f"http://{host}:{port}/v1"
    finally:
        await runner.cleanup()
