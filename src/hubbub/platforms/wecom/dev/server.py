"""The company's API over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import web

from hubbub.platforms.wecom.dev.company import Answer, Company, refusal

_LARGEST_BODY = 64 << 20
_TYPES = {"voice": "audio/amr", "image": "image/jpeg", "video": "video/mp4"}


class WeComApi:
    """Everything below ``/cgi-bin``."""

    def __init__(self, company: Company) -> None:
        """``app`` is to be served."""
        self.company = company
        self.app = web.Application(client_max_size=_LARGEST_BODY)
        self.app.router.add_route("*", "/cgi-bin/{path:.+}", self._serve)

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        company, path = self.company, request.match_info["path"]
        company.calls.append(path)
        if path == "gettoken":
            return web.json_response(company.gettoken(request.query))
        fault = company.faults.pop(0) if path == "message/send" and company.faults else None
        if isinstance(fault, int):
            return web.json_response(refusal(fault, "on purpose"))
        if fault == "http":
            return web.Response(status=502, text="<html>Bad Gateway</html>")
        agent = company.agent_of(request.query)
        if not isinstance(agent, int):
            return web.json_response(agent)
        if fault == "broken":
            return _cut(request)
        answer = await self._answer(request, path, agent)
        return _cut(request) if fault == "silent" else answer

    async def _answer(self, request: web.Request, path: str, agent: int) -> web.StreamResponse:
        company = self.company
        if path == "media/get":
            return self._download(request.query.get("media_id", ""))
        if path == "media/upload":
            return web.json_response(await self._upload(request))
        if path == "agent/get":
            return web.json_response(company.about(agent))
        body = await request.json()
        if path == "message/send":
            return web.json_response(company.send(agent, body))
        if path == "message/recall":
            return web.json_response(company.recall(body))
        if path == "menu/create":
            return web.json_response(company.make_menu(agent, body))
        return web.Response(status=404)

    async def _upload(self, request: web.Request) -> Answer:
        part = await (await request.multipart()).next()
        if not isinstance(part, aiohttp.BodyPartReader) or part.name != "media":
            return refusal(41005, "media data missing")
        data = bytes(await part.read())
        return self.company.upload(request.query.get("type", ""), part.filename or "", data)

    def _download(self, media_id: str) -> web.Response:
        found = self.company.media.get(media_id)
        if found is None:
            return web.json_response(refusal(40007, "invalid media_id"))
        kind, name, data = found
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return web.Response(body=data, content_type=_TYPES.get(kind, "application/octet-stream"), headers=headers)


def _cut(request: web.Request) -> web.Response:
    if request.transport:
        request.transport.abort()
    return web.Response()


@asynccontextmanager
async def wecom_api(company: Company, port: int = 0) -> AsyncIterator[str]:
    """Serve it on loopback, at a free port unless one is named; yields its address."""
    runner = web.AppRunner(WeComApi(company).app, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", port)
        await site.start()
        host, taken = runner.addresses[0][:2]
        yield f"http://{host}:{taken}"
    finally:
        await runner.cleanup()
