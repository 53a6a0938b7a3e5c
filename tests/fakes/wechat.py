"""The platform of WeChat Official Accounts on loopback: its API server, and people who write.

What it sends in the encrypted modes is sealed by `wechatpy`, and what it is answered is opened by it: code that is not
ours. The rules stand in `hubbub.platforms.wechat_official.dev`, which people can run by hand too.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from wechatpy.crypto import WeChatCrypto

from hubbub.core.ports import Route
from hubbub.platforms.wechat_official.dev.server import Conduct, FakeOfficial
from hubbub.platforms.wechat_official.wire import read
from tests.fakes.serving import serving

TOKEN = "a-long-token-of-ours"
AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010804000000b51c0c020000000b4944415478da6364f80f00010501012718e3660000000049454e44ae426082"
)


class Oracle:
    """Seals callbacks and opens replies for one account."""

    def __init__(self, app_id: str = Conduct.app_id, token: str = TOKEN, key: str = AES_KEY) -> None:
        self._crypto = WeChatCrypto(token, key, app_id)

    def encrypt(self, body: bytes, timestamp: str, nonce: str) -> tuple[bytes, str]:
        """As `Phone.encrypt`. The platform's callback carries ToUserName and Encrypt alone."""
        sealed = read(self._crypto.encrypt_message(body.decode(), nonce, timestamp).encode())
        to = read(body).get("ToUserName", "")
        whole = (
            f"<xml><ToUserName><![CDATA[{to}]]></ToUserName><Encrypt><![CDATA[{sealed['Encrypt']}]]></Encrypt></xml>"
        )
        return whole.encode(), sealed["MsgSignature"]

    def decrypt(self, answer: bytes) -> bytes:
        """As `Phone.decrypt`: checks the signature of a reply, too."""
        given = read(answer)
        opened = self._crypto.decrypt_message(answer, given["MsgSignature"], given["TimeStamp"], given["Nonce"])
        return opened if isinstance(opened, bytes) else str(opened).encode()


@asynccontextmanager
async def official(conduct: Conduct | None = None) -> AsyncIterator[tuple[str, FakeOfficial]]:
    """An API server; yields its address."""
    fake = FakeOfficial(conduct)
    paths = [route.path for route in fake.app.routes if hasattr(route, "path")]
    async with serving([Route(path, fake.app, "http", ("GET", "POST")) for path in paths]) as address:
        yield f"http://{address}", fake


async def ask(app: Any, method: str, path: str, query: str, body: bytes = b"") -> tuple[int, bytes]:
    """One request to an ASGI application, without a network; the caller never hangs up."""
    answer: list[dict[str, Any]] = []
    given = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> dict[str, Any]:
        return given.pop() if given else {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        answer.append(message)

    scope: dict[str, Any] = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "headers": [],
        "client": None,
    }
    await app(scope, receive, send)
    if not answer:
        return 0, b""
    return answer[0]["status"], b"".join(each.get("body", b"") for each in answer[1:])
