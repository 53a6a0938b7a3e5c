"""`hubbub dev fake-wecom`: WeCom by hand. What is typed goes to a hub as callbacks, what it sends is shown."""

from __future__ import annotations

import argparse
import asyncio
import base64
import secrets
import sys
import time
from collections.abc import Sequence
from urllib.parse import urlencode
from xml.sax.saxutils import escape

import aiohttp

from hubbub.platforms.wecom.crypto import Envelope
from hubbub.platforms.wecom.dev.company import AGENT, CORP, SECRET, USER, Company, Shown
from hubbub.platforms.wecom.dev.server import wecom_api

TOKEN = "callback-token"  # noqa: S105 - of a stand-in
AES_KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
_SECONDS = 5.0
_TIMES = 4
_HELP = "Type a message; /event NAME [KEY] sends an event such as enter_agent or click @help; an empty line ends it.\n"
_START = """\
A hub that talks to this:
  HUBBUB_PLATFORMS__WECOM__CORP_ID={corp} HUBBUB_PLATFORMS__WECOM__CORP_SECRET={secret} \\
  HUBBUB_PLATFORMS__WECOM__AGENT_ID={agent} HUBBUB_PLATFORMS__WECOM__TOKEN={token} \\
  HUBBUB_PLATFORMS__WECOM__ENCODING_AES_KEY={key} HUBBUB_PLATFORMS__WECOM__API_BASE={base} hubbub run
"""


def main(words: Sequence[str]) -> int:
    """Run until the input ends; the exit code."""
    given = _options().parse_args(words)
    try:
        asyncio.run(_talk(given))
    except KeyboardInterrupt:
        return 0
    except OSError as error:
        sys.stderr.write(f"the API cannot be served at port {given.port}: {error.strerror}; --port takes another\n")
        return 1
    return 0


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="hubbub dev fake-wecom", description="WeCom by hand.")
    parser.add_argument("--url", default="http://127.0.0.1:8080/gpt", help="where the hub takes callbacks")
    parser.add_argument("--port", type=int, default=8079, help="serve the API here; 0 takes a free port")
    parser.add_argument("--user", default=USER, help="the member who writes")
    parser.add_argument("--corp-id", default=CORP)
    parser.add_argument("--secret", default=SECRET)
    parser.add_argument("--agent-id", type=int, default=AGENT)
    parser.add_argument("--token", default=TOKEN)
    parser.add_argument("--aes-key", default=AES_KEY)
    return parser


async def _talk(given: argparse.Namespace) -> None:
    company = Company(
        corp=given.corp_id, members={given.user}, agents={given.agent_id: given.secret}, seen=_show_message
    )
    async with wecom_api(company, given.port) as base, aiohttp.ClientSession() as client:
        values = {"corp": given.corp_id, "secret": given.secret, "agent": given.agent_id}
        _show(_START.format(**values, token=given.token, key=given.aes_key, base=base) + _HELP)
        while line := (await asyncio.to_thread(sys.stdin.readline)).strip():
            _show(await _deliver(given, client, _fields(given, line)))


def _fields(given: argparse.Namespace, line: str) -> str:
    """The XML of a message, or of an event."""
    head = (
        f"<ToUserName>{escape(given.corp_id)}</ToUserName><FromUserName>{escape(given.user)}</FromUserName>"
        f"<CreateTime>{int(time.time())}</CreateTime><AgentID>{given.agent_id}</AgentID>"
    )
    if line.startswith("/event "):
        name, _, key = line[7:].partition(" ")
        told = f"<MsgType>event</MsgType><Event>{escape(name)}</Event><EventKey>{escape(key)}</EventKey>"
    else:
        number = secrets.randbits(62)
        told = f"<MsgType>text</MsgType><Content>{escape(line)}</Content><MsgId>{number}</MsgId>"
    return f"<xml>{head}{told}</xml>"


async def _deliver(given: argparse.Namespace, client: aiohttp.ClientSession, xml: str) -> str:
    """Call back as WeCom does: four times at most, five seconds each. What came of it."""
    envelope = Envelope(given.token, base64.b64decode(given.aes_key + "="), given.corp_id)
    told: list[str] = []
    for _ in range(_TIMES):
        sealed, now, nonce = envelope.seal(xml.encode()), str(int(time.time())), secrets.token_hex(4)
        query = {"msg_signature": envelope.signature(now, nonce, sealed), "timestamp": now, "nonce": nonce}
        body = f"<xml><ToUserName>{escape(given.corp_id)}</ToUserName><Encrypt>{sealed}</Encrypt></xml>"
        try:
            timeout = aiohttp.ClientTimeout(total=_SECONDS)
            async with client.post(f"{given.url}?{urlencode(query)}", data=body, timeout=timeout) as response:
                told.append(f"HTTP {response.status}")
                if response.status == 200:
                    break
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            told.append(type(error).__name__)
            await asyncio.sleep(1)
    return f"[{', '.join(told)}]\n"


def _show_message(message: Shown) -> None:
    _show(f"{message.to} <- [{message.kind}] {message.content}\n")


def _show(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
