"""A hub of model weights on loopback: it redirects to where the file lies, as the real one does, and breaks off."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from aiohttp import web


@dataclass
class FakeHub:
    """Serves ``content`` as every file. ``breaks``: after how many bytes the next answers break off."""

    content: bytes
    sha256: str | None = None
    direct: bool = False
    ranges: bool = True
    breaks: list[int] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    url: str = ""
    location: str = "/cdn/blob"
    _runner: web.AppRunner | None = None

    async def __aenter__(self) -> FakeHub:
        if self.sha256 is None:
            self.sha256 = hashlib.sha256(self.content).hexdigest()
        app = web.Application()
        app.router.add_get("/{org}/{repository}/resolve/main/{file}", self._resolve)
        app.router.add_get("/cdn/blob", self._blob)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    async def _resolve(self, request: web.Request) -> web.StreamResponse:
        if request.match_info["file"].startswith("missing"):
            return web.Response(status=404, text="Entry not found")
        if self.direct:
            return await self._blob(request)
        headers = {"Location": self.location}
        if self.sha256:
            headers |= {"X-Linked-Etag": f'"{self.sha256}"', "X-Linked-Size": str(len(self.content))}
        return web.Response(status=302, headers=headers)

    async def _blob(self, request: web.Request) -> web.StreamResponse:
        wanted = request.headers.get("Range", "")
        self.asked.append(wanted)
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and self.ranges else 0
        if start >= len(self.content):
            return web.Response(status=416)
        headers = {"Content-Length": str(len(self.content) - start)}
        if self.direct and self.sha256:
            headers["ETag"] = f'"{self.sha256}"'
        response = web.StreamResponse(status=206 if start else 200, headers=headers)
        await response.prepare(request)
        # The first look-up of the file reads the head alone; only what is read counts as an answer that may break off.
        end = start + self.breaks.pop(0) if self.breaks and len(self.asked) > 1 else len(self.content)
        await response.write(self.content[start:end])
        if end < len(self.content) and request.transport is not None:
            request.transport.close()
        return response
