"""Whole hubs as processes on one database, each with a part of the work."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from tests.fakes.model import FakeModel
from tests.journeys.running import RunningProcess

TTL = 2.0
SECONDS = 40.0


@dataclass
class Hubs:
    """``model`` is asked by all of them; the loopback's two files are common."""

    folder: Path
    dsn: str
    model: FakeModel
    http: aiohttp.ClientSession
    environ: dict[str, str] = field(default_factory=dict)
    processes: dict[str, RunningProcess] = field(default_factory=dict)
    dead: list[RunningProcess] = field(default_factory=list)
    number: int = 0

    async def start(self, *roles: str) -> None:
        """A hub for each, called by its role and a number; waits until all serve."""
        for role in roles:
            name = f"{role}{1 + sum(each.startswith(role) for each in self.processes)}"
            folder = self.folder / name
            folder.mkdir()
            self.processes[name] = RunningProcess(
                folder,
                ("--port", "0", f"--role={role}", *(("--role", "scheduler") if role == "worker" else ())),
                {
                    "DATABASE_URL": self.dsn,
                    "HUBBUB_CLUSTER__NODE": name,
                    "HUBBUB_CLUSTER__LEASE_SECONDS": str(TTL),
                    "HUBBUB_PLATFORMS__LOOPBACK__ENABLED": "true",
                    "HUBBUB_PLATFORMS__LOOPBACK__SPOOL": str(self.folder / "spool"),
                    "HUBBUB_PLATFORMS__LOOPBACK__SENT": str(self.folder / "sent"),
                    "HUBBUB_MODEL": "fake",
                    "OPENAI_BASE_URL": self.model.url,
                    "OPENAI_API_KEY": "sk-cluster",
                    **self.environ,
                },
            )
        for each in list(self.processes.values()):
            await asyncio.to_thread(lambda process: process.url, each)

    def url(self, name: str) -> str:
        return self.processes[name].url

    def kill(self, name: str) -> None:
        self.dead.append(self.processes.pop(name))
        self.dead[-1].kill()

    async def post(self, name: str, text: str, key: str = "", owner: str = "anna") -> tuple[str, str]:
        """What the hub of this name answers, and the id of the message."""
        headers = {"Idempotency-Key": key} if key else {}
        body = {"owner": owner, "text": text}
        async with self.http.post(f"{self.url(name)}/api/v1/messages", json=body, headers=headers) as response:
            answer = await response.json()
            assert response.status == 200, answer
            return "".join(part["text"] for reply in answer["replies"] for part in reply["segments"]), answer["id"]

    async def streamed(self, name: str, text: str) -> list[tuple[str, Any]]:
        """The events of an answer that is streamed."""
        body = {"owner": "sten", "text": text, "stream": True}
        found: list[tuple[str, Any]] = []
        event = ""
        async with self.http.post(f"{self.url(name)}/api/v1/messages", json=body) as response:
            async for raw in response.content:
                line = raw.decode().rstrip()
                if line.startswith("event:"):
                    event = line[6:].strip()
                elif line.startswith("data:"):
                    found.append((event, json.loads(line[5:])))
        return found

    # --- the loopback ---

    def say(self, *texts: str, user: str = "u") -> None:
        """People of the loopback write."""
        for text in texts:
            self.number += 1
            said = {"message_id": f"m{self.number}", "message": [{"type": "text", "text": text}]}
            self._happens("message", f"e{self.number}", user, said)

    def take_back(self, number: int, user: str = "u") -> None:
        """They take a message back."""
        self._happens("delete", f"d{number}", user, {"message_id": f"m{number}"})

    def _happens(self, kind: str, name: str, user: str, more: dict[str, Any]) -> None:
        event = {
            "type": kind,
            "id": name,
            "room": {"kind": "private", "id": user},
            "author": {"id": user, "name": user},
            "time": 1_700_000_000 + self.number,
            **more,
        }
        with (self.folder / "spool").open("ab") as spool:
            spool.write(json.dumps(event).encode() + b"\n")

    @property
    def shown(self) -> list[str]:
        """What they see, in order."""
        path = self.folder / "sent"
        lines = path.read_bytes().splitlines() if path.exists() else []
        found = (json.loads(line) for line in lines if line.endswith(b"}"))
        return ["".join(part.get("text", "") for part in line["message"]) for line in found if line["do"] == "send"]

    async def until(self, so: Callable[[], object], seconds: float = SECONDS) -> None:
        """Wait until something is so."""
        try:
            async with asyncio.timeout(seconds):
                while not so():
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise AssertionError(self.logs()) from None

    def logs(self) -> str:
        """What the hubs wrote, for a test that fails."""
        return "\n".join(f"--- {path}\n{path.read_text()[-3000:]}" for path in self.folder.glob("*/data/hubbub.log"))


@asynccontextmanager
async def hubs(folder: Path, dsn: str, environ: dict[str, str] | None = None, **behaviour: Any) -> AsyncIterator[Hubs]:
    """No hub yet; all that are started end with the block."""
    async with FakeModel(check=False, **behaviour) as model, aiohttp.ClientSession() as http, AsyncExitStack() as stack:
        made = Hubs(folder, dsn, model, http, environ or {})

        async def end() -> None:
            for each in (*made.processes.values(), *made.dead):
                await asyncio.to_thread(each.__exit__, None, None, None)

        stack.push_async_callback(end)
        yield made
