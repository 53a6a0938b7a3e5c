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

NUMBER = "100200300"
TOKEN = "EAAtoken"
SECRET = "the app's secret"
VERIFY = "a word of ours"
PERSON = "491700001"
TIME = 1_718_000_000
TYPES = {"text", "image", "document", "audio", "video", "location", "contacts", "reaction", "template", "interactive"}

Wrong = Literal["refused", "unconfirmed", "flood", "server_error", "silent", "expired"]


class RefusedError(Exception):
    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


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
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            raise RefusedError(401, 190, "Error validating access token")
        match request.method, request.match_info["path"].split("/"):
            case "GET", [number] if number == NUMBER:
                return {"display_phone_number": "+49 170 999", "verified_name": "Hub", "id": NUMBER}
            case "GET", [media] if media in self.uploads:
                kind, data = self.uploads[media]
                about = {"mime_type": kind, "file_size": len(data), "id": media}
                return about | {"url": f"{self.url}/files/{media}"}
            case "POST", [number, "messages"] if number == NUMBER:
                return await self._message(await request.json())
            case "POST", [number, "media"] if number == NUMBER:
                return await self._upload(request)
        raise RefusedError(404, 100, f"Unsupported request {request.method} {request.path}")

    async def file(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return web.Response(status=401)
        return web.Response(body=self.uploads[request.match_info["media"]][1])

    async def _upload(self, request: web.Request) -> dict[str, Any]:
        form = await request.post()
        file = form["file"]
        assert isinstance(file, web.FileField)
        _must(form.get("messaging_product") == "whatsapp", "messaging_product is missing")
        _must(form.get("type") == file.content_type, "type is not that of the file")
        name = f"media{len(self.uploads) + 1}"
        self.uploads[name] = (file.content_type, file.file.read())
        return {"id": name}

    async def _message(self, body: dict[str, Any]) -> dict[str, Any]:
        _must(body.get("messaging_product") == "whatsapp", "messaging_product is missing")
        if "status" in body:
            return self._mark(body)
        wrong = self.wrong.popleft() if self.wrong else ""
        if wrong == "silent" and body.get("type") == "template":
            self.wrong.appendleft("silent")
            wrong = ""
        if wrong in _FAULTS:
            raise _FAULTS[wrong]
        _check(body, self.uploads)
        if body["type"] == "reaction":
            emoji = body["reaction"]["emoji"]
            self.effects.append(("react" if emoji else "unreact", body["reaction"]["message_id"]))
            return {"messages": [{"id": "wamid.r"}]}
        name = f"wamid.out{len(self.sent) + 1}"
        self.sent.append((name, body))
        if wrong == "unconfirmed":
            await asyncio.sleep(30)
        if wrong == "server_error":
            raise RefusedError(500, 131000, "Something went wrong")
        to = body.get("to") or body["recipient"]
        contacts = [{"input": to, "wa_id": to}]
        return {"messaging_product": "whatsapp", "contacts": contacts, "messages": [{"id": name}]}

    def _mark(self, body: dict[str, Any]) -> dict[str, Any]:
        _must(body["status"] == "read" and str(body.get("message_id", "")).startswith("wamid."), "no such message")
        self.marks.append(body)
        self.effects.append(("type", ""))
        return {"success": True}

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


def _check(body: dict[str, Any], uploads: dict[str, Any]) -> None:
    kind = body.get("type")
    _must(
        kind in TYPES and isinstance(body.get(str(kind)), list if kind == "contacts" else dict),
        f"type {kind} and its object",
    )
    group = body.get("recipient_type") == "group"
    _must(("to" in body) != ("recipient" in body), "one of to and recipient")
    _must("to" not in body or group or str(body["to"]).isdecimal(), "to is no number")
    unknown = set(body) - {"messaging_product", "recipient_type", "to", "recipient", "type", "context", str(kind)}
    _must(not unknown, f"unexpected {unknown}")
    what = body[str(kind)]
    match kind:
        case "text":
            _must(set(what) <= {"body", "preview_url"} and isinstance(what["body"], str), "text has a body")
            _must(len(what["body"].strip()) > 0 and len(what["body"]) <= 4096, "the body's length")
        case "image" | "document" | "audio" | "video":
            _must(("id" in what) != ("link" in what), "one of id and link")
            _must("link" in what or what["id"] in uploads, "no such media id")
            _must(len(what.get("caption", "")) <= 1024, "the caption's length")
            _must(kind != "audio" or "caption" not in what, "audio takes no caption")
            _must(kind == "document" or "filename" not in what, "only documents have names")
        case "location":
            _must(all(isinstance(what.get(name), float) for name in ("latitude", "longitude")), "degrees")
        case "contacts":
            _must(what and all(each["name"]["formatted_name"] and len(each["name"]) > 1 for each in what), "two names")
            _must(all(phone["phone"] for each in what for phone in each.get("phones", ())), "numbers")
        case "interactive":
            _must(not group, "groups take no interactive messages")
            _interactive(what)
        case "template":
            texts = [each["text"] for part in what["components"] for each in part["parameters"]]
            _must(all(text and "\n" not in text and "    " not in text for text in texts), "a variable's text")


def _interactive(what: dict[str, Any]) -> None:
    """Reply buttons, lists and links ("Interactive messages")."""
    text, action, replies = what["body"]["text"], what["action"], []
    _must(text.strip() and len(text) <= (4096 if what["type"] == "list" else 1024), "the body's length")
    match what["type"]:
        case "button":
            replies = [each["reply"] for each in action["buttons"] if each["type"] == "reply"]
            _must(1 <= len(replies) == len(action["buttons"]) <= 3, "1 to 3 buttons")
            _must(all(0 < len(each["title"]) <= 20 and 0 < len(each["id"]) <= 256 for each in replies), "their length")
            _must(len({each["title"] for each in replies}) == len(replies), "titles must be unique")
        case "list":
            _must(0 < len(action["button"]) <= 20, "the length of what opens the list")
            rows = [row for section in action["sections"] for row in section["rows"]]
            _must(1 <= len(rows) <= 10, "1 to 10 rows")
            _must(all(0 < len(each["title"]) <= 24 and 0 < len(each["id"]) <= 200 for each in rows), "their length")
            _must(all(len(each.get("description", "")) <= 72 for each in rows), "a description's length")
            replies = rows
        case "cta_url":
            parameters = action["parameters"]
            _must(action["name"] == "cta_url" and 0 < len(parameters["display_text"]) <= 20, "display_text")
            _must(parameters["url"].startswith("http"), "url")
            return
        case kind:
            _must(so=False, message=f"no such interactive message: {kind}")
    _must(len({each["id"] for each in replies}) == len(replies), "ids must be unique")


def pressed(carries: str, label: str, number: int, message_id: str, kind: str) -> dict[str, Any]:
    """A notification: somebody pressed a button, or chose a row."""
    what = {"type": kind, kind: {"id": carries, "title": label}}
    return notice(
        value(
            messages=[message(f"press{number}", interactive=what) | {"context": {"from": "49170999", "id": message_id}}]
        )
    )


def _must(so: object, message: str) -> None:
    if not so:
        raise RefusedError(400, 100, f"Invalid parameter: {message}")


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
