"""A service of OpenAI's audio endpoints that refuses what it refuses."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web

KEY = "sk-audio"
_READ = {"flac": b"fLaC", "mp3": b"ID3", "ogg": b"OggS", "wav": b"RIFF", "m4a": b"", "webm": b""}


@dataclass
class AudioService:
    """``words``: what it hears. ``status``: refuse with it."""

    words: str = "今天天气怎么样"
    status: int = 200
    heard: list[tuple[str, str, bytes]] = field(default_factory=list)
    spoken: list[dict[str, object]] = field(default_factory=list)

    async def transcriptions(self, request: web.Request) -> web.Response:
        if (refused := self._refused(request)) is not None:
            return refused
        fields: dict[str, bytes] = {}
        name = ""
        async for part in await request.multipart():
            assert isinstance(part, aiohttp.BodyPartReader)
            assert part.name
            fields[part.name] = bytes(await part.read())
            name = part.filename or name
        suffix = name.rpartition(".")[2]
        if "model" not in fields or suffix not in _READ or not fields["file"].startswith(_READ[suffix]):
            return _error(400, "Invalid file format. Supported formats: flac, m4a, mp3, mp4, mpeg, mpga, oga, ogg, wav")
        self.heard.append((fields["model"].decode(), fields.get("language", b"").decode(), fields["file"]))
        return web.json_response({"text": f" {self.words}\n" if self.words else ""})

    async def speech(self, request: web.Request) -> web.Response:
        if (refused := self._refused(request)) is not None:
            return refused
        wish = json.loads(await request.read())
        if not {"model", "input", "voice"} <= set(wish) or not 0 < len(wish["input"]) <= 4096:
            return _error(400, "bad input")
        self.spoken.append(wish)
        return web.Response(body=b"ID3 spoken", content_type="audio/mpeg")

    def _refused(self, request: web.Request) -> web.Response | None:
        if request.headers.get("Authorization") != f"Bearer {KEY}":
            return _error(401, f"Incorrect API key provided: {request.headers.get('Authorization')}")
        return _error(self.status, "not now") if self.status != 200 else None


def _error(status: int, text: str) -> web.Response:
    return web.json_response({"error": {"message": text}}, status=status)


@asynccontextmanager
async def audio_service(service: AudioService) -> AsyncIterator[str]:
    """Serve it on a free port; yields its base URL."""
    app = web.Application(client_max_size=30 << 20)
    app.router.add_post("/v1/audio/transcriptions", service.transcriptions)
    app.router.add_post("/v1/audio/speech", service.speech)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        yield f"http://{host}:{port}/v1"
    finally:
        await runner.cleanup()
