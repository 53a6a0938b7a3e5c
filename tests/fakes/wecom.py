"""WeCom as a server that refuses what WeCom refuses, and calls back as it does.

What it sends is sealed by `wechatpy`, and what it is answered is opened by it: code that is not ours.
"""

from __future__ import annotations

import asyncio
import itertools
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import aiohttp
from aiohttp import web
from wechatpy.enterprise.crypto import WeChatCrypto

CORP = "ww1234567890abcdef"
SECRET = "application-secret"
AGENT = 1000002
TOKEN = "callback-token"
AES_KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
USER = "zhangsan"

_LARGEST = {"image": 10 << 20, "voice": 2 << 20, "video": 10 << 20, "file": 20 << 20}
_MAGIC = {"image": (b"\x89PNG", b"\xff\xd8\xff"), "voice": (b"#!AMR",)}
_MOST_BYTES = {"text": 2048, "markdown": 2048}
_TEXTS = ("text", "markdown")

Answer = dict[str, Any]
Transport = Callable[[str, str, bytes], Awaitable[tuple[int, bytes]]]
"""Method, path with query, body; status and body of the response. Raises OSError or TimeoutError without one."""


def refusal(code: int, text: str) -> Answer:
    return {"errcode": code, "errmsg": f"{text}, hint: [1718], from ip: 203.0.113.7, more info at https://open.work"}


@dataclass
class Shown:
    """A message that somebody sees."""

    id: str
    to: str
    kind: str
    content: Any
    body: Mapping[str, Any]
    recalled: bool = False


@dataclass
class Company:
    """The state of the fake. ``faults``: what goes wrong with the next calls of message/send, in order.

    A fault is a code to refuse with, or "silent" (delivered, and the connection breaks), "broken" (nothing of both),
    "http" (a gateway's error page).
    """

    members: set[str] = field(default_factory=lambda: {USER, "lisi"})
    agents: dict[int, str] = field(default_factory=lambda: {AGENT: SECRET})
    trusted: bool = True
    token_life: float = 7200.0
    faults: list[int | str] = field(default_factory=list)
    tokens: dict[str, tuple[int, float]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    shown: list[Shown] = field(default_factory=list)
    media: dict[str, tuple[str, str, bytes]] = field(default_factory=dict)
    menus: dict[int, Any] = field(default_factory=dict)
    numbers: Any = field(default_factory=lambda: itertools.count(1))

    def count(self, path: str) -> int:
        return self.calls.count(path)

    def expire(self) -> None:
        """Every token is too old from now on."""
        self.tokens = dict.fromkeys(self.tokens, (0, 0.0))

    def visible(self) -> list[Shown]:
        return [each for each in self.shown if not each.recalled]

    # --- the API ---

    def gettoken(self, query: Mapping[str, str]) -> Answer:
        if not self.trusted:
            return refusal(60020, "not allow to access from your ip")
        if query.get("corpid") != CORP:
            return refusal(40013, "invalid corpid")
        agent = next((agent for agent, secret in self.agents.items() if secret == query.get("corpsecret")), None)
        if agent is None:
            return refusal(40001, "invalid credential")
        now = time.time()
        # WeCom gives the same token until it ends.
        for token, (owner, until) in self.tokens.items():
            if owner == agent and until > now:
                return {"errcode": 0, "errmsg": "ok", "access_token": token, "expires_in": int(until - now)}
        token = secrets.token_urlsafe(32)
        self.tokens[token] = (agent, now + self.token_life)
        return {"errcode": 0, "errmsg": "ok", "access_token": token, "expires_in": int(self.token_life)}

    def agent_of(self, query: Mapping[str, str]) -> int | Answer:
        token = query.get("access_token", "")
        if not token:
            return refusal(41001, "access_token missing")
        if token not in self.tokens:
            return refusal(40014, "invalid access_token")
        agent, until = self.tokens[token]
        if until <= time.time():
            return refusal(42001, "access_token expired")
        return agent if self.trusted else refusal(60020, "not allow to access from your ip")

    def send(self, agent: int, body: Any) -> Answer:
        wrong = self._wrong(agent, body)
        if wrong:
            return wrong
        kind = body["msgtype"]
        repeated = body.get("enable_duplicate_check") == 1 and self._seen(body)
        if repeated:
            return {"errcode": 0, "errmsg": "ok", "msgid": repeated}
        message_id = f"msg-{next(self.numbers)}-{secrets.token_hex(4)}"
        content = body[kind].get("content", "") if kind in _TEXTS else body[kind]
        to = body.get("touser") or body.get("toparty") or body.get("totag")
        self.shown.append(Shown(message_id, to, kind, content, body))
        return {"errcode": 0, "errmsg": "ok", "invaliduser": "", "msgid": message_id}

    def _seen(self, body: Any) -> str:
        same = (each.id for each in self.shown if each.body.get(each.kind) == body.get(body["msgtype"]))
        return next(same, "")

    def _wrong(self, agent: int, body: Any) -> Answer | None:  # noqa: C901 - one rule a line
        if not isinstance(body, dict):
            return refusal(47001, "data format error")
        if body.get("agentid") != agent:
            return refusal(301002, "agentid not match")
        kind = body.get("msgtype")
        if kind not in (*_TEXTS, "image", "voice", "video", "file", "textcard", "news"):
            return refusal(40008, "invalid message type")
        users = [user for user in str(body.get("touser", "")).split("|") if user]
        if not users and not body.get("toparty") and not body.get("totag"):
            return refusal(40003, "invalid userid")
        if users and users != ["@all"] and not self.members & set(users):
            return refusal(81013, "user & party & tag all invalid")
        part = body.get(kind)
        if not isinstance(part, dict):
            return refusal(44004, "empty content")
        if kind in _TEXTS:
            text = part.get("content")
            if not isinstance(text, str) or not text.strip():
                return refusal(44004, "empty content")
            if len(text.encode()) > _MOST_BYTES[kind]:
                return refusal(45002, "content size out of limit")
        elif kind in _LARGEST and self.media.get(part.get("media_id", ""), ("",))[0] != kind:
            return refusal(40007, "invalid media_id")
        return None

    def upload(self, kind: str, name: str, data: bytes) -> Answer:
        if kind not in _LARGEST:
            return refusal(40004, "invalid media type")
        if len(data) <= 5:
            return refusal(40006, "invalid media size")
        if len(data) > _LARGEST[kind]:
            return refusal(45001, "media size out of limit")
        if kind in _MAGIC and not data.startswith(_MAGIC[kind]):
            return refusal(40005, "invalid file type")
        if not name or len(name) > 200:
            return refusal(40011, "invalid filename")
        media_id = f"media-{next(self.numbers)}"
        self.media[media_id] = (kind, name, data)
        return {"errcode": 0, "errmsg": "ok", "type": kind, "media_id": media_id, "created_at": "1718000000"}

    def recall(self, body: Any) -> Answer:
        found = next((each for each in self.shown if each.id == body.get("msgid") and not each.recalled), None)
        if found is None:
            return refusal(48002, "invalid msgid")
        found.recalled = True
        return {"errcode": 0, "errmsg": "ok"}

    def make_menu(self, agent: int, menu: Any) -> Answer:
        buttons = menu.get("button") if isinstance(menu, dict) else None
        if not isinstance(buttons, list) or not 1 <= len(buttons) <= 3:
            return refusal(40016, "invalid button size")
        for button in buttons:
            inner = button.get("sub_button")
            if inner is not None and not 1 <= len(inner) <= 5:
                return refusal(40023, "invalid sub button size")
            for each in inner or [button]:
                if len(each.get("name", "").encode()) > 60 or not each.get("name"):
                    return refusal(40018, "invalid button name size")
                if each.get("type") == "click" and not 0 < len(each.get("key", "").encode()) <= 128:
                    return refusal(40019, "invalid button key size")
        self.menus[agent] = menu
        return {"errcode": 0, "errmsg": "ok"}


class WeComApi:
    """The API over HTTP."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.app = web.Application(client_max_size=64 << 20)
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
            return self._cut(request)
        answer = await self._answer(request, path, agent)
        return self._cut(request) if fault == "silent" else answer

    async def _answer(self, request: web.Request, path: str, agent: int) -> web.StreamResponse:
        company = self.company
        if path == "media/upload":
            return web.json_response(await self._upload(request))
        if path == "media/get":
            return self._download(request.query.get("media_id", ""))
        if path == "agent/get":
            users = {"user": [{"userid": user} for user in sorted(company.members)]}
            about = {"agentid": agent, "name": "助手", "allow_userinfos": users, "close": 0}
            return web.json_response({"errcode": 0, "errmsg": "ok", **about})
        if path == "menu/get":
            menu = company.menus.get(agent)
            return web.json_response({"errcode": 0, "errmsg": "ok", **menu} if menu else refusal(46003, "menu unexist"))
        body = await request.json()
        if path == "message/send":
            return web.json_response(company.send(agent, body))
        if path == "message/recall":
            return web.json_response(company.recall(body))
        if path == "menu/create":
            return web.json_response(company.make_menu(agent, body))
        return web.Response(status=404)

    async def _upload(self, request: web.Request) -> Answer:
        field_ = await (await request.multipart()).next()
        if not isinstance(field_, aiohttp.BodyPartReader) or field_.name != "media":
            return refusal(41005, "media data missing")
        data = bytes(await field_.read())
        return self.company.upload(request.query.get("type", ""), field_.filename or "", data)

    def _download(self, media_id: str) -> web.Response:
        found = self.company.media.get(media_id)
        if found is None:
            return web.json_response(refusal(40007, "invalid media_id"))
        kind, name, data = found
        types = {"voice": "audio/amr", "image": "image/jpeg", "video": "video/mp4"}
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return web.Response(body=data, content_type=types.get(kind, "application/octet-stream"), headers=headers)

    def _cut(self, request: web.Request) -> web.Response:
        assert request.transport
        request.transport.abort()
        return web.Response()


@asynccontextmanager
async def wecom_api(company: Company) -> AsyncIterator[str]:
    """Serve it on a free port; yields its address."""
    runner = web.AppRunner(WeComApi(company).app, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        yield f"http://{host}:{port}"
    finally:
        await runner.cleanup()


# --- callbacks ---


def xml_of(fields: Mapping[str, object]) -> str:
    inner = "".join(
        f"<{key}>{value}</{key}>" if isinstance(value, int) else f"<{key}><![CDATA[{value}]]></{key}>"
        for key, value in fields.items()
    )
    return f"<xml>{inner}</xml>"


def said(text: str, number: int, user: str = USER, **more: object) -> dict[str, object]:
    """The fields of a text message."""
    return {
        "ToUserName": CORP,
        "FromUserName": user,
        "CreateTime": int(time.time()),
        "MsgType": "text",
        "Content": text,
        "MsgId": 7_000_000_000_000_000 + number,
        "AgentID": AGENT,
        **more,
    }


def happened(event: str, user: str = USER, **more: object) -> dict[str, object]:
    """The fields of an event."""
    fields = said("", 0, user, MsgType="event", Event=event, EventKey="")
    del fields["Content"], fields["MsgId"]
    return fields | more


@dataclass
class Caller:
    """Calls back as WeCom does: every five seconds, three more times, until there is a 200 in time."""

    transport: Transport
    path: str = "/gpt"
    patience: float = 5.0
    times: int = 4
    corp: str = CORP
    token: str = TOKEN
    key: str = AES_KEY

    @property
    def crypto(self) -> WeChatCrypto:
        return WeChatCrypto(self.token, self.key, self.corp)

    def request(self, xml: str, timestamp: float | None = None) -> tuple[str, bytes]:
        """Path with query, and body, of a callback."""
        moment = str(int(time.time() if timestamp is None else timestamp))
        nonce = secrets.token_hex(5)
        body = self.crypto.encrypt_message(xml, nonce, moment)
        signature = body.partition("<MsgSignature><![CDATA[")[2].partition("]]>")[0]
        sealed = body.partition("<Encrypt>")[2].partition("</Encrypt>")[0]
        to = f"<xml><ToUserName><![CDATA[{self.corp}]]></ToUserName><Encrypt>{sealed}</Encrypt></xml>"
        query = urlencode({"msg_signature": signature, "timestamp": moment, "nonce": nonce})
        return f"{self.path}?{query}", to.encode()

    async def deliver(self, fields: Mapping[str, object] | str) -> tuple[int, bytes]:
        """Deliver an event; the last response, (0, b"") if there was none at all."""
        xml = fields if isinstance(fields, str) else xml_of(fields)
        status, reply = 0, b""
        for attempt in range(self.times):
            if attempt:
                await asyncio.sleep(self.patience / 10)
            target, body = self.request(xml)
            try:
                async with asyncio.timeout(self.patience):
                    status, reply = await self.transport("POST", target, body)
            except (OSError, TimeoutError):
                continue
            if status == 200:
                break
        return status, reply

    def opened(self, reply: bytes, timestamp: str, nonce: str) -> str:
        """A passive reply, opened by code that is not ours."""
        signature = reply.decode().partition("<MsgSignature>")[2].partition("</MsgSignature>")[0]
        plain: str = self.crypto.decrypt_message(reply.decode(), signature, timestamp, nonce)
        return plain

    def verification(self, echo: str = "8137258492736455") -> str:
        """Path with query of the check of the address."""
        moment, nonce = str(int(time.time())), secrets.token_hex(5)
        body = self.crypto.encrypt_message(echo, nonce, moment)
        signature = body.partition("<MsgSignature><![CDATA[")[2].partition("]]>")[0]
        sealed = body.partition("<Encrypt><![CDATA[")[2].partition("]]>")[0]
        query = {"msg_signature": signature, "timestamp": moment, "nonce": nonce, "echostr": sealed}
        return f"{self.path}?{urlencode(query)}"


def over_http(client: aiohttp.ClientSession, address: str) -> Transport:
    async def call(method: str, target: str, body: bytes) -> tuple[int, bytes]:
        try:
            async with client.request(method, f"http://{address}{target}", data=body or None) as response:
                return response.status, await response.read()
        except aiohttp.ClientError as error:
            raise OSError(str(error)) from error

    return call


def within(app: Callable[..., Awaitable[None]]) -> Transport:
    """Straight into an ASGI application, so that what is called first arrives first."""

    async def call(method: str, target: str, body: bytes) -> tuple[int, bytes]:
        path, _, query = target.partition("?")
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": query.encode(),
            "client": ("127.0.0.1", 1),
        }
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await app(scope, receive, send)
        return sent[0]["status"], b"".join(each.get("body", b"") for each in sent[1:])

    return call
