"""The npm package telegram-test-api: somebody else's idea of a Bot API server, installed on first use.

It leaves out what Telegram always says (`is_bot`, `chat_instance`), tells times in milliseconds where Telegram has
seconds, and never waits for updates; a door before it sets that right, so that the rest of it can be met as it is.
"""

from __future__ import annotations

import asyncio
import shutil
import socket
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

PACKAGE, VERSION = "telegram-test-api", "4.2.1"
_START = f"""
const TelegramServer = require({PACKAGE!r});
const server = new TelegramServer({{host: '127.0.0.1', port: Number(process.argv[1])}});
server.start().then(() => console.log('listening'));
"""
_SECONDS = 40
_LATEST = 10**11


class NoPeer(RuntimeError):
    """It cannot be had here; says why."""


def installed() -> Path:
    """The folder that it is installed in. Raises NoPeer."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        raise NoPeer("npm and node are not installed")
    folder = Path(tempfile.gettempdir()) / f"hubbub-peers-{PACKAGE}-{VERSION}"
    if not folder.exists():
        with tempfile.TemporaryDirectory(dir=folder.parent) as new:
            command = [npm, "install", "--prefix", new, "--no-audit", "--no-fund", "--ignore-scripts"]
            command += ["--fetch-retries", "0", f"{PACKAGE}@{VERSION}"]
            try:
                done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=_SECONDS)
            except (subprocess.TimeoutExpired, OSError) as error:
                raise NoPeer(f"npm does not give {PACKAGE}: {error}") from error
            if done.returncode:
                why = [line for line in done.stderr.splitlines() if line.startswith("npm error")]
                raise NoPeer(f"npm does not give {PACKAGE}: {'; '.join(why[:2])}")
            if not folder.exists():
                shutil.copytree(new, folder)
    return folder


@dataclass
class Peer:
    """``url`` is the settings' ``api_base``."""

    url: str
    token: str
    _client: aiohttp.ClientSession
    _behind: str

    async def say(self, text: str) -> None:
        await self._post("sendMessage", self._written() | {"text": text})

    async def press(self, data: str, message_id: int) -> None:
        message = self._written() | {"message_id": message_id}
        await self._post("sendCallback", self._written() | {"message": message, "data": data})

    async def seen(self) -> list[dict[str, Any]]:
        """What the bot sent, as it stands now, with its ids."""
        history = (await self._post("getUpdatesHistory", {"token": self.token}))["result"]
        ours = [each for each in history if "chat_id" in each.get("message", {})]
        return [each["message"] | {"message_id": each["messageId"]} for each in ours]

    def _written(self) -> dict[str, Any]:
        person = {"id": 20001, "first_name": "Alice", "is_bot": False}
        chat = {"id": 20001, "type": "private", "first_name": "Alice"}
        return {"botToken": self.token, "from": person, "chat": chat, "date": 1_718_000_000}

    async def _post(self, what: str, body: dict[str, Any]) -> Any:
        async with self._client.post(f"{self._behind}/{what}", json=body) as response:
            assert response.status == 200, await response.text()
            return await response.json()


@asynccontextmanager
async def peer(token: str) -> AsyncIterator[Peer]:
    """The server and the door before it. Raises NoPeer."""
    folder = await asyncio.to_thread(installed)
    port = _free_port()
    process = await asyncio.create_subprocess_exec(
        str(shutil.which("node")), "-e", _START, str(port), cwd=folder, stdout=subprocess.PIPE
    )
    try:
        assert process.stdout
        assert await asyncio.wait_for(process.stdout.readline(), 60) == b"listening\n"
        async with aiohttp.ClientSession() as client:
            behind = f"http://127.0.0.1:{port}"
            async with _door(client, behind) as url:
                yield Peer(url, token, client, behind)
    finally:
        process.kill()
        await process.wait()


@asynccontextmanager
async def _door(client: aiohttp.ClientSession, behind: str) -> AsyncIterator[str]:
    async def pass_on(request: web.Request) -> web.Response:
        headers = {"Content-Type": request.headers.get("Content-Type", "application/octet-stream")}
        async with client.request(
            request.method, f"{behind}{request.path_qs}", data=await request.read(), headers=headers
        ) as response:
            found = await response.json()
            if request.path.endswith("/getUpdates") and not found.get("result"):
                await asyncio.sleep(0.05)
            for update in found.get("result") or () if request.path.endswith("/getUpdates") else ():
                if "callback_query" in update:
                    update["callback_query"]["chat_instance"] = "1"
            if request.path.endswith("/getMe"):
                found["result"]["is_bot"] = True
            return web.json_response(_in_seconds(found), status=response.status)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", pass_on)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def _in_seconds(found: Any) -> Any:
    if isinstance(found, list):
        return [_in_seconds(each) for each in found]
    if not isinstance(found, dict):
        return found
    read = {name: _in_seconds(value) for name, value in found.items()}
    if isinstance(read.get("date"), int) and read["date"] > _LATEST:
        read["date"] //= 1000
    return read


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
