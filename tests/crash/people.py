"""People of the loopback platform and callers of the HTTP API, who know what they said and what they are to be told.

Every message carries a number of fixed width that its answer repeats.
"""

from __future__ import annotations

import asyncio
import bisect
import json
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from tests.crash.lives import Lives

_NUMBER = re.compile(r"tk(\d{6})x")
_PAUSE = 0.02
LONGEST = 60
"""Of one message on the loopback; some answers are longer and come in parts."""


def token(number: int) -> str:
    return f"tk{number:06d}x"


def numbers(text: str) -> list[int]:
    """Whose answer it is: the number of every message that the text repeats."""
    return [int(found) for found in _NUMBER.findall(text)]


@dataclass(frozen=True)
class Said:
    """A message. ``who`` says one thing after another; ``answer`` is what comes back, spaces apart."""

    number: int
    id: str
    who: str
    room: str
    text: str
    answer: str
    chat: bool


def message(number: int, who: str, room: str, chance: random.Random) -> Said:
    """Mostly commands, every third a question to the model, and some whose answer is long."""
    words = f"{token(number)} {'said again and again ' * (5 if chance.random() < 0.15 else 1)}".strip()
    if chance.random() < 0.3:
        return Said(number, f"e{number}", who, room, words, _bare(f"LLM-OK {words}"), chat=True)
    return Said(number, f"e{number}", who, room, f"/echo {words}", _bare(words), chat=False)


def _bare(text: str) -> str:
    return "".join(text.split())


@dataclass(frozen=True)
class Shown:
    """A message as people of the loopback see it."""

    key: str
    room: str
    text: str


@dataclass
class People:
    """Four people who write in private, and two who share a group. Files are the platform's far side."""

    folder: Path
    chance: random.Random
    said: list[Said] = field(default_factory=list)
    _ends: list[int] = field(default_factory=list)
    """Places in the spool behind each message."""

    @property
    def environ(self) -> dict[str, str]:
        settings = {"enabled": "true", "spool": self.spool, "sent": self.sent, "max_length": LONGEST}
        settings |= {"poll_seconds": "0.002"}
        return {f"HUBBUB_PLATFORMS__LOOPBACK__{name.upper()}": str(value) for name, value in settings.items()}

    @property
    def spool(self) -> Path:
        return self.folder / "spool"

    @property
    def sent(self) -> Path:
        return self.folder / "sent"

    @property
    def unacknowledged(self) -> int:
        """Messages that the hub has not confirmed."""
        file = self.spool.with_name("spool.ack")
        place = int(file.read_text()) if file.exists() else 0
        return len(self._ends) - bisect.bisect_right(self._ends, place)

    def say(self, count: int = 1) -> None:
        """So many messages of anybody."""
        lines = []
        for _ in range(count):
            number = len(self.said) + 1
            person = self.chance.randrange(6)
            kind, room = ("private", f"p{person}") if person < 4 else ("group", "g")
            said = message(number, f"p{person}", f"loopback/loop/{kind}/{room}", self.chance)
            self.said.append(said)
            lines.append(json.dumps(self._event(said, kind, room)) + "\n")
            self._ends.append((self._ends[-1] if self._ends else 0) + len(lines[-1]))
        with self.spool.open("a") as file:
            file.write("".join(lines))

    @staticmethod
    def _event(said: Said, kind: str, room: str) -> dict[str, Any]:
        return {
            "type": "message",
            "id": said.id,
            "room": {"kind": kind, "id": room},
            "author": {"id": said.who},
            "text": said.text,
            "addressed": True,
        }

    def shown(self) -> list[Shown]:
        """Everything that people saw, in order."""
        if not self.sent.exists():
            return []
        lines = [json.loads(line) for line in self.sent.read_bytes().splitlines()]
        sent = [line for line in lines if line["do"] == "send"]
        return [Shown(line["key"], line["room"], _words(line["message"])) for line in sent]

    async def chatter(self, most: int = 24) -> None:
        """Talk until cancelled, a bounded number of messages ahead of the hub."""
        while True:
            if self.unacknowledged < most:
                self.say(self.chance.randint(1, 6))
            await asyncio.sleep(self.chance.random() * _PAUSE)


def _words(segments: Sequence[dict[str, Any]]) -> str:
    return "".join(segment.get("text", "") for segment in segments)


@dataclass
class Callers:
    """Callers of the HTTP API: each repeats a request under its key until it is answered, and now and then after."""

    lives: Lives
    chance: random.Random
    count: int = 3
    said: list[Said] = field(default_factory=list)
    answers: dict[int, set[tuple[int, ...]]] = field(default_factory=dict)
    """By the number of a message: the ids of the replies, of each answer to it."""
    faults: list[str] = field(default_factory=list)
    leaving: asyncio.Event = field(default_factory=asyncio.Event)
    answered: asyncio.Event = field(default_factory=asyncio.Event)

    async def call(self) -> None:
        """All of them, until `leaving`; whoever waits for an answer still gets it."""
        timeout = aiohttp.ClientTimeout(total=10)
        async with aiohttp.ClientSession(timeout=timeout) as session, asyncio.TaskGroup() as group:
            for number in range(self.count):
                group.create_task(self._caller(session, number))

    async def _caller(self, session: aiohttp.ClientSession, place: int) -> None:
        number = (place + 1) * 100_000  # nobody else counts so far
        while not self.leaving.is_set():
            said = message(number, f"web{place}", "", self.chance)
            self.said.append(said)
            for _ in range(2 if self.chance.random() < 0.3 else 1):
                await self._answered(session, said)
            number += 1

    async def _answered(self, session: aiohttp.ClientSession, said: Said) -> None:
        while not await self._asked(session, said):
            await asyncio.sleep(self.chance.random() * _PAUSE)

    async def _asked(self, session: aiohttp.ClientSession, said: Said) -> bool:
        """Ask once; whether there was an answer."""
        if not self.lives.url:
            return False
        body = {"owner": said.who, "text": said.text}
        headers = {"Idempotency-Key": said.id}
        try:
            async with session.post(f"{self.lives.url}/api/v1/messages", json=body, headers=headers) as response:
                answer = await response.json()
        except (aiohttp.ClientError, TimeoutError):
            return False
        if response.status != 200:
            if response.status != 503:
                self.faults.append(f"{said.id}: HTTP {response.status} {answer}")
            return False
        told = _bare("".join(reply["text"] for reply in answer["replies"]))
        if told != said.answer:
            self.faults.append(f"{said.id}: asked {said.text!r}, told {told!r}")
        self.answered.set()
        self.answers.setdefault(said.number, set()).add(tuple(reply["id"] for reply in answer["replies"]))
        return True
