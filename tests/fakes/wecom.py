"""WeCom's callbacks, sealed by `wechatpy`, and what it is answered, opened by it: code that is not ours."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import aiohttp
from wechatpy.enterprise.crypto import WeChatCrypto

from hubbub.platforms.wecom.dev.company import AGENT, CORP, USER

TOKEN = "callback-token"
AES_KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"

Transport = Callable[[str, str, bytes], Awaitable[tuple[int, bytes]]]
"""Method, path with query, body; status and body of the response. Raises OSError or TimeoutError without one."""


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
