"""A strict Cloud API on loopback: refuses what WhatsApp refuses, signs and repeats what it brings.

The rules of bodies are those of the published reference ("Messages", "Media", "Error codes").
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import aiohttp
from aiohttp import web

from tests.fakes.whatsapp_rules import RefusedError, check, check_file, must

NUMBER = "100200300"
TOKEN = "EAAtoken"
SECRET = "the app's secret"
VERIFY = "a word of ours"
PERSON = "491700001"
TIME = 1_718_000_000

Wrong = Literal["", "refused", "unconfirmed", "flood", "server_error", "silent", "expired"]


def value(**more: Any) -> dict[str, Any]:
    metadata = {"display_phone_number": "49170999", "phone_number_id": NUMBER}
    contacts = [{"profile": {"name": "Alice Ng"}, "wa_id": PERSON, "user_id": "US.1001"}]
    return {"messaging_product": "whatsapp", "metadata": metadata, "contacts": contacts} | more


def notice(*changes: dict[str, Any]) -> dict[str, Any]:
    """A notification, as it is brought."""
    wrapped = [{"field": "messages", "value": each} for each in changes]
    return {"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": wrapped}]}


def message(number: int | str, **what: Any) -> dict[str, Any]:
    kind = next(iter(what))
    return {"from": PERSON, "id": f"wamid.{number}", "timestamp": str(TIME), "type": kind} | what


def said(text: str, number: int | str) -> dict[str, Any]:
    return notice(value(messages=[message(number, text={"body": text})]))


def signature(body: bytes, secret: str = SECRET) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


@dataclass
class FakeWhatsApp:
    """``sent``: bodies that people got, with their ids."""

    url: str = ""
    sent: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    effects: list[tuple[str, str]] = field(default_factory=list)
    marks: list[dict[str, Any]] = field(default_factory=list)
    uploads: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    wrong: deque[Wrong] = field(default_factory=deque)
    down: bool = False
    silent_uploads: bool = False
    numbers: dict[str, str] = field(default_factory=lambda: {NUMBER: TOKEN})
    """Each with the token that may use it."""
    closed: set[str] = field(default_factory=set)
    """People who have been silent for 24 hours: what is no template is taken, and told to have failed later."""
    senders: dict[str, str] = field(default_factory=dict)
    more: dict[str, Any] = field(default_factory=dict)
    """What else is told of a number."""
    unmanaged: bool = False
    """The token may only send."""
    asked: int = 0
    """How often the address of a file was asked for; only the newest holds."""

    @property
    def texts(self) -> list[tuple[str, str]]:
        return [(name, _words(body)) for name, body in self.sent]

    # --- the API ---------------------------------------------------------------------------------------------

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if self.down:
            return web.json_response({"error": {"message": "down", "code": 2}}, status=503)
        try:
            return web.json_response(await self._do(request))
        except RefusedError as refused:
            if refused.status == 400:
                self.refused.append(refused.message)
            error = {"message": refused.message, "type": "OAuthException", "code": refused.code, "fbtrace_id": "x"}
            return web.json_response({"error": error}, status=refused.status)

    async def _do(self, request: web.Request) -> dict[str, Any]:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in self.numbers.values():
            raise RefusedError(401, 190, "Error validating access token")
        mine = [number for number, opens in self.numbers.items() if opens == token]
        match request.method, request.match_info["path"].split("/"):
            case "GET", [number] if number in mine:
                return self._about(number, request.query.get("fields", "").split(","))
            case "GET", [media] if media in self.uploads:
                kind, data = self.uploads[media]
                about = {"mime_type": kind, "file_size": len(data), "id": media}
                self.asked += 1
                return about | {"url": f"{self.url}/files/{media}?asked={self.asked}"}
            case "POST", [number, "messages"] if number in mine:
                return await self._message(await request.json(), number)
            case "POST", [number, "media"] if number in mine:
                return await self._upload(request)
        what = f"Unsupported {request.method.lower()} request. Object with ID {request.path} does not exist"
        raise RefusedError(404, 100, what)

    def _about(self, number: str, fields: list[str]) -> dict[str, Any]:
        if self.unmanaged and set(fields) & {"health_status", "webhook_configuration"}:
            raise RefusedError(403, 200, "You do not have the necessary permissions")
        about = {"display_phone_number": "+49 170 999", "verified_name": "Hub"} | self.more
        return {"id": number} | {field: about[field] for field in fields if field in about}

    async def file(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization", "").removeprefix("Bearer ") not in self.numbers.values():
            return web.Response(status=401)
        if request.query["asked"] != str(self.asked):
            return web.Response(status=404)
        return web.Response(body=self.uploads[request.match_info["media"]][1])

    async def _upload(self, request: web.Request) -> dict[str, Any]:
        if self.silent_uploads:
            await asyncio.sleep(30)
        form = await request.post()
        file = form["file"]
        assert isinstance(file, web.FileField)
        must(form.get("messaging_product") == "whatsapp", "messaging_product is missing")
        must(form.get("type") == file.content_type, "type is not that of the file")
        data = file.file.read()
        check_file(file.content_type, data)
        name = f"media{len(self.uploads) + 1}"
        self.uploads[name] = (file.content_type, data)
        return {"id": name}

    async def _message(self, body: dict[str, Any], number: str) -> dict[str, Any]:
        must(body.get("messaging_product") == "whatsapp", "messaging_product is missing")
        if "status" in body:
            return self._mark(body)
        wrong = self.wrong.popleft() if self.wrong else ""
        if wrong == "silent" and body.get("type") == "template":
            self.wrong.appendleft("silent")
            wrong = ""
        if wrong in _FAULTS:
            raise _FAULTS[wrong]
        check(body, self.uploads)
        if body["type"] == "reaction":
            emoji = body["reaction"]["emoji"]
            self.effects.append(("react" if emoji else "unreact", body["reaction"]["message_id"]))
            return _taken(body, "wamid.r")
        name = f"wamid.out{len(self.sent) + 1}"
        self.sent.append((name, body))
        self.senders[name] = number
        if wrong == "unconfirmed":
            await asyncio.sleep(30)
        if wrong == "server_error":
            raise RefusedError(500, 131000, "Something went wrong")
        return _taken(body, name)

    def _mark(self, body: dict[str, Any]) -> dict[str, Any]:
        must(body["status"] == "read" and str(body.get("message_id", "")).startswith("wamid."), "no such message")
        self.marks.append(body)
        if "typing_indicator" in body:
            self.effects.append(("type", ""))
        return {"success": True}

    def told(self, name: str, status: str, time: int = TIME, *errors: dict[str, Any]) -> dict[str, Any]:
        """A status of a message that was sent, as it is brought: what was given to be returned is in it."""
        body = dict(self.sent)[name]
        found = {"id": name, "status": status, "timestamp": str(time), "recipient_id": body.get("to", "")}
        kept = {key: body[key] for key in ("biz_opaque_callback_data", "recipient_type") if key in body}
        return found | kept | ({"errors": list(errors)} if errors else {})

    def later(self, name: str, time: int = TIME) -> dict[str, Any]:
        """What is told of a message after it was taken: it failed where only a template could be brought."""
        body = dict(self.sent)[name]
        if body.get("to") in self.closed and body["type"] != "template":
            return self.told(name, "failed", time, CLOSED)
        return self.told(name, "delivered", time)

    # --- the other direction ---------------------------------------------------------------------------------

    async def bring(self, body: dict[str, Any] | bytes, url: str, secret: str = SECRET) -> int:
        """Bring a notification to a webhook once; the status of the answer."""
        async with aiohttp.ClientSession() as session:
            return await self.bring_by(session, body, url, secret)

    async def bring_by(
        self, session: aiohttp.ClientSession, body: dict[str, Any] | bytes, url: str, secret: str = SECRET
    ) -> int:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"X-Hub-Signature-256": signature(data, secret), "Content-Type": "application/json"}
        async with session.post(url, data=data, headers=headers) as response:
            return response.status


def _taken(body: dict[str, Any], name: str) -> dict[str, Any]:
    to = body.get("to") or body["recipient"]
    contacts = [{"input": to, "wa_id": to}]
    return {"messaging_product": "whatsapp", "contacts": contacts, "messages": [{"id": name}]}


def pressed(carries: str, label: str, number: int, message_id: str, kind: str) -> dict[str, Any]:
    """A notification: somebody pressed a button, or chose a row."""
    what = {"type": kind, kind: {"id": carries, "title": label}}
    return notice(
        value(
            messages=[message(f"press{number}", interactive=what) | {"context": {"from": "49170999", "id": message_id}}]
        )
    )


CLOSED = {
    "code": 131047,
    "title": "Re-engagement message",
    "message": "Re-engagement message",
    "error_data": {"details": "More than 24 hours have passed since the recipient last replied."},
}
_FAULTS = {
    "refused": RefusedError(429, 130429, "Cloud API message throughput has been reached"),
    "flood": RefusedError(400, 131056, "Too many messages to this person"),
    "silent": RefusedError(400, 131047, "More than 24 hours have passed since the person last wrote"),
    "expired": RefusedError(401, 190, "Session has expired"),
}


def _words(body: dict[str, Any]) -> str:
    match body["type"]:
        case "text":
            return str(body["text"]["body"])
        case "template":
            return str(body["template"]["components"][0]["parameters"][0]["text"])
        case "interactive":
            return str(body["interactive"]["body"]["text"])
        case kind:
            return str(body[kind].get("caption", ""))


@asynccontextmanager
async def whatsapp() -> AsyncIterator[FakeWhatsApp]:
    """A server on a free port; ``url`` is the settings' ``api_base``."""
    fake = FakeWhatsApp()
    app = web.Application(client_max_size=60_000_000)
    app.router.add_get("/files/{media}", fake.file)
    app.router.add_route("*", "/v23.0/{path:.+}", fake.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    fake.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield fake
    finally:
        await runner.cleanup()
