"""`hubbub dev fake-wechat`: the platform by hand. What is typed goes to a hub as callbacks, its replies are shown."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
from collections.abc import Callable, Sequence

import aiohttp
import uvicorn

from hubbub.platforms.wechat_official.crypto import MessageCipher, signature
from hubbub.platforms.wechat_official.dev.phone import Phone, Told
from hubbub.platforms.wechat_official.dev.server import Conduct, FakeOfficial
from hubbub.platforms.wechat_official.wire import read

_HELP = "Type a message; /event NAME [KEY] sends an event such as subscribe or CLICK; an empty line ends it.\n"


def main(words: Sequence[str]) -> int:
    """Run until the input ends; the exit code."""
    given = _options().parse_args(words)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_talk(given))
    return 0


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="hubbub dev fake-wechat", description="WeChat's Official Accounts by hand.")
    parser.add_argument("--url", default="http://127.0.0.1:8080/wechat", help="where the hub takes callbacks")
    parser.add_argument("--token", required=True, help="the token of the account's settings")
    parser.add_argument("--user", default="oUser0001", help="OpenID of the person who writes")
    parser.add_argument("--app-id", default=Conduct.app_id, help="AppID of the account")
    parser.add_argument("--aes-key", default="", help="EncodingAESKey: send encrypted messages")
    parser.add_argument("--port", type=int, default=0, help="serve the platform's API here, for api_base; 0 does not")
    parser.add_argument("--seconds", type=float, default=5.0, help="how long the platform waits for an answer")
    return parser


async def _talk(given: argparse.Namespace) -> None:
    fake = FakeOfficial(Conduct(app_id=given.app_id, users={given.user}))
    async with aiohttp.ClientSession() as client, asyncio.TaskGroup() as tasks:
        serving = tasks.create_task(_serve(fake, given.port)) if given.port else None
        phone = _phone(given, client)
        _show(_HELP)
        while line := (await asyncio.to_thread(sys.stdin.readline)).strip():
            _show(_told(await phone.deliver(_callback(phone, given.user, line))))
            _show("".join(f"[pushed] {text}\n" for _, text in fake.conduct.texts))
            fake.conduct.sent.clear()
        if serving is not None:
            serving.cancel()


async def _serve(fake: FakeOfficial, port: int) -> None:
    config = uvicorn.Config(fake.app, host="127.0.0.1", port=port, log_level="warning", lifespan="off")
    server = uvicorn.Server(config)
    await server.serve()


def _phone(given: argparse.Namespace, client: aiohttp.ClientSession) -> Phone:
    scale = given.seconds / 5.0
    if not given.aes_key:
        return Phone(given.url, given.token, client, scale=scale)
    cipher = MessageCipher(given.aes_key, given.app_id)

    def encrypt(body: bytes, timestamp: str, nonce: str) -> tuple[bytes, str]:
        secret = cipher.encrypt(body)
        sealed = f"<xml><ToUserName></ToUserName><Encrypt>{secret}</Encrypt></xml>".encode()
        return sealed, signature(given.token, timestamp, nonce, secret)

    decrypt: Callable[[bytes], bytes] = lambda answer: cipher.decrypt(read(answer)["Encrypt"])  # noqa: E731 - one use
    return Phone(given.url, given.token, client, scale=scale, encrypt=encrypt, decrypt=decrypt)


def _callback(phone: Phone, user: str, line: str) -> bytes:
    if line.startswith("/event "):
        name, _, key = line[7:].partition(" ")
        return phone.event(user, name, EventKey=key)
    return phone.message(user, "text", Content=line)


def _told(told: Told) -> str:
    took = ", ".join(f"{seconds:.1f} s" for seconds in told.seconds)
    shown = told.text or (f"[{told.fields.get('MsgType')}]" if told.fields else "[nothing]")
    return f"{shown}\n[{took}; HTTP {', '.join(map(str, told.statuses))}]\n"


def _show(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
