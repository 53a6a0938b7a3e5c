"""People who write to the account: callbacks that are repeated and cut off as the platform does it."""

from __future__ import annotations

import asyncio
import itertools
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import aiohttp

from hubbub.platforms.wechat_official.crypto import signature
from hubbub.platforms.wechat_official.wire import Fields, read

FAULT = "该公众号提供的服务出现故障，请稍后再试"
"""What a person reads where nothing usable came."""
DELIVERIES = 3
WAIT_SECONDS = 5.0
_LONGEST_TEXT = 2048


@dataclass(frozen=True, slots=True)
class Told:
    """What a person got: the fields of the reply, empty for none. ``seconds``: how long each delivery took."""

    fields: Fields
    seconds: tuple[float, ...]
    statuses: tuple[int, ...]

    @property
    def text(self) -> str:
        """The words of it."""
        return self.fields.get("Content", "")


@dataclass
class Phone:
    """Writes to one account. ``scale``: the platform's seconds in ours; ``ahead``: by how much its clock is ahead.

    ``encrypt`` makes the encrypted form of a callback (body, timestamp, nonce) -> (body, its signature), ``decrypt``
    reads a reply; ``both`` leaves the plain fields beside it. ``lose``: deliveries whose answers are lost on the way.
    """

    url: str
    token: str
    client: aiohttp.ClientSession
    account: str = "gh_0123456789ab"
    scale: float = 1.0
    ahead: float = 0.0
    encrypt: Callable[[bytes, str, str], tuple[bytes, str]] | None = None
    decrypt: Callable[[bytes], bytes] | None = None
    both: bool = False
    lose: set[int] = field(default_factory=set)
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(secrets.randbits(40)))

    async def say(self, user: str, text: str) -> Told:
        """Send words, and wait for what comes of them."""
        return await self.deliver(self.message(user, "text", Content=text))

    def message(self, user: str, kind: str, **more: str) -> bytes:
        """A message as XML."""
        return self.xml(user, {"MsgType": kind, **more, "MsgId": str(next(self.numbers))})

    def event(self, user: str, name: str, **more: str) -> bytes:
        """An event as XML."""
        return self.xml(user, {"MsgType": "event", "Event": name, **more})

    def xml(self, user: str, fields: Mapping[str, str], now: float | None = None) -> bytes:
        """A callback's body."""
        stamp = str(int(time.time() + self.ahead if now is None else now))
        whole = {"ToUserName": self.account, "FromUserName": user, "CreateTime": stamp, **fields}
        return (
            "<xml>" + "".join(f"<{key}><![CDATA[{value}]]></{key}>" for key, value in whole.items()) + "</xml>"
        ).encode()

    async def deliver(self, body: bytes) -> Told:
        """Bring a callback until it is answered, three times at most."""
        seconds: list[float] = []
        statuses: list[int] = []
        for number in range(DELIVERIES):
            began = time.monotonic()
            status, answer = await self.post(body)
            seconds.append((time.monotonic() - began) / self.scale)
            statuses.append(status)
            if status == 200 and number not in self.lose:
                return Told(self.checked(body, answer), tuple(seconds), tuple(statuses))
        return Told({"Content": FAULT}, tuple(seconds), tuple(statuses))

    async def post(self, body: bytes) -> tuple[int, bytes]:
        """One delivery; status 0 where the platform hung up."""
        sent, query = self.signed(body)
        try:
            async with asyncio.timeout(WAIT_SECONDS * self.scale):
                async with self.client.post(
                    f"{self.url}?{query}", data=sent, headers={"Content-Type": "text/xml"}
                ) as response:
                    return response.status, await response.read()
        except (TimeoutError, aiohttp.ClientError, OSError):
            return 0, b""

    def signed(self, body: bytes, now: float | None = None) -> tuple[bytes, str]:
        """The body as it goes, and the query of its address."""
        stamp, nonce = str(int(time.time() if now is None else now)), secrets.token_hex(5)
        query = f"signature={signature(self.token, stamp, nonce)}&timestamp={stamp}&nonce={nonce}&openid=o"
        if self.encrypt is None:
            return body, query
        sealed, mark = self.encrypt(body, stamp, nonce)
        if self.both:
            sealed = body.replace(b"</xml>", sealed.partition(b"</ToUserName>")[2] or sealed[5:])
        return sealed, f"{query}&encrypt_type=aes&msg_signature={mark}"

    def checked(self, body: bytes, answer: bytes) -> Fields:
        """The fields of a reply; what the platform would not take is a fault for the person."""
        if answer in (b"", b"success"):
            return {}
        plain = self.decrypt(answer) if self.decrypt is not None else answer
        asked, reply = read(body), read(plain)
        right = (
            reply.get("ToUserName") == asked["FromUserName"]
            and reply.get("FromUserName") == asked["ToUserName"]
            and reply.get("CreateTime", "").isdecimal()
            and reply.get("MsgType") in ("text", "image", "voice", "video", "music", "news")
            and len(reply.get("Content", "").encode()) <= _LONGEST_TEXT
        )
        return reply if right else {"Content": FAULT}
