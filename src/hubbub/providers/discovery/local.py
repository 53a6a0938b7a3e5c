"""Model servers on this machine, looked for where they usually listen."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

import aiohttp
import orjson

if TYPE_CHECKING:
    from collections.abc import Sequence

WITHIN = 0.5
MOST_MODELS = 32
LONGEST_ANSWER = 1024 * 1024
_NOT_FOR_CHAT = ("embed", "rerank", "bge-", "whisper", "tts", "clip-")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a server of a kind listens; ``path`` lists its models."""

    name: str
    port: int
    path: str = "/v1/models"


@dataclass(frozen=True, slots=True)
class LocalServer:
    """A server that answered; ``models`` are ids, the one to take first at the front."""

    name: str
    address: str
    models: tuple[str, ...]

    @property
    def base_url(self) -> str:
        """Its address for clients."""
        return f"http://{self.address}/v1"


PLACES = (
    Place("Ollama", 11434, "/api/tags"),
    Place("LM Studio", 1234),
    Place("llama-server", 8080),
    Place("vLLM", 8000),
)


async def probe(
    session: aiohttp.ClientSession, own_port: int = 0, places: Sequence[Place] = PLACES, within: float = WITHIN
) -> tuple[LocalServer, ...]:
    """The servers that answer on loopback, in the order of ``places``; all are asked at once, ``within`` seconds.

    ``own_port`` is the hub's own, which is left out. Never raises for what a server does.
    """
    asked = [place for place in places if place.port != own_port]
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_ask(session, place, within)) for place in asked]
    return tuple(server for task in tasks if (server := task.result()) is not None)


async def _ask(session: aiohttp.ClientSession, place: Place, within: float) -> LocalServer | None:
    address = f"127.0.0.1:{place.port}"
    try:
        async with (
            asyncio.timeout(within),
            session.get(f"http://{address}{place.path}", allow_redirects=False) as response,
        ):
            if response.status != 200:
                return None
            body = b""
            while len(body) < LONGEST_ANSWER and (chunk := await response.content.readany()):
                body += chunk
    except (aiohttp.ClientError, TimeoutError, OSError):
        return None  # nobody there is the usual case
    models = models_in(body)
    return LocalServer(place.name, address, models) if models else None


def models_in(body: bytes) -> tuple[str, ...]:
    """The ids that a list of models names, of Ollama's form or OpenAI's; none for anything else, or another hub."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return ()
    listed = (document.get("models") or document.get("data")) if isinstance(document, dict) else None
    if not isinstance(listed, list):
        return ()
    entries = [entry for entry in listed if isinstance(entry, dict)]
    if any(entry.get("owned_by") == "hubbub" for entry in entries):
        return ()
    names = [entry.get("id") or entry.get("model") or entry.get("name") for entry in entries]
    found = [name for name in names if isinstance(name, str) and name]
    return tuple(name for name in found if not any(word in name.lower() for word in _NOT_FOR_CHAT))[:MOST_MODELS]
