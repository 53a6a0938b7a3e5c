"""A hub ends while answers are shown as they are written: each is seen once and whole, and no draft goes nowhere."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from typing_extensions import override

from hubbub.core.messages import text_of
from hubbub.core.work import Row, State
from tests.crash import judge
from tests.crash.lives import Keeper
from tests.crash.people import LONGEST, People, Said, token
from tests.crash.scene import Scene, scene
from tests.crash.stored import Engine, Stored

pytestmark = pytest.mark.crash

FAILPOINTS = tuple(f"{what}.commit.{when}" for what in ("unit", "begin", "settle") for when in ("before", "after"))
SENDING = ("send.before", "send.after")
MOST = 16
STREAMS = {
    "HUBBUB_PLATFORMS__LOOPBACK__STREAMS": "true",
    "HUBBUB_PLATFORMS__LOOPBACK__EDIT_EVERY": "0.01",
    "HUBBUB_CHAT__STREAM_AFTER": "0.005",
}


class Askers(People):
    """People who ask for answers of some length, every third longer than one message."""

    @override
    def say(self, count: int = 1) -> None:
        lines = []
        for _ in range(count):
            number = len(self.said) + 1
            person = self.chance.randrange(6)
            kind, room = ("private", f"p{person}") if person < 4 else ("group", "g")
            words = f"{token(number)} {'tell ' * self.chance.choice((4, 7, 20))}".strip()
            answer = judge.bare(f"LLM-OK {words}")
            said = Said(number, f"e{number}", f"p{person}", f"loopback/loop/{kind}/{room}", words, answer, chat=True)
            self.said.append(said)
            lines.append(json.dumps(self._event(said, kind, room)) + "\n")
            self._ends.append((self._ends[-1] if self._ends else 0) + len(lines[-1]))
        with self.spool.open("a") as file:
            file.write("".join(lines))


@dataclass
class Screen:
    """What people see: the words of messages by id, and the key under which each was sent."""

    words: dict[str, str]
    keys: dict[str, str]
    sent: Counter[str]
    edits: int = 0

    @classmethod
    def of(cls, record: Path) -> Screen:
        screen = cls({}, {}, Counter())
        for line in map(json.loads, record.read_bytes().splitlines()):
            if line["do"] == "delete":
                screen.words.pop(line["id"])
                continue
            if line["do"] not in ("send", "edit"):
                continue
            text = "".join(segment.get("text", "") for segment in line["message"])
            screen.words[line["id"]] = text
            screen.edits += line["do"] == "edit"
            if line["do"] == "send":
                screen.keys[line["id"]] = line["key"]
                screen.sent[line["key"]] += 1
        return screen


def answered_once(found: Scene, stored: Stored) -> Iterator[str]:
    """Every question is done, has one draft at most, and its rows are its answer."""
    entries = {entry.key.rpartition("/")[2]: entry for entry in stored.entries}
    rows: dict[int, list[Row]] = defaultdict(list)
    for row in stored.rows:
        rows[row.out.entry].append(row)
    for said in found.people.said:
        entry = entries[said.id]
        drafts = [row for row in rows[entry.id] if row.out.draft]
        ends = [row for row in rows[entry.id] if not row.out.draft]
        if len(drafts) > 1:
            yield f"{said.id} has {len(drafts)} drafts"
        if judge.bare("".join(text_of(row.out.message) for row in ends)) != said.answer:
            yield f"{said.id}: rows say {[text_of(row.out.message) for row in ends]}"
        if bool(drafts) != bool(ends[0].out.edits):
            yield f"{said.id}: its draft goes nowhere"


def seen_once(screen: Screen, stored: Stored, *, doubt: bool) -> Iterator[str]:
    """What counts as sent is there, as it is to be; nothing else is, but for what is listed as unknown."""
    rows = {row.key: row for row in stored.rows}
    fine = {State.SENT, State.UNKNOWN} if doubt else {State.SENT}
    ends = [row for row in stored.rows if not row.out.draft]
    for row in ends:
        if row.state not in fine:
            yield f"row {row.id} is {row.state}: {row.error}"
        elif row.state is State.SENT and screen.words.get(row.message_id) != text_of(row.out.message):
            yield f"row {row.id} is sent, and people see {screen.words.get(row.message_id)!r}"
    expected = {row.message_id for row in ends if row.state is State.SENT}
    for message, words in screen.words.items():
        row = rows[screen.keys[message]]
        if message not in expected and row.state is not State.UNKNOWN:
            yield f"row {row.id} ({row.state}) is seen as {words!r} and is no answer"
    yield from (f"{key} was sent {times} times" for key, times in screen.sent.items() if times > 1)


def in_order(screen: Screen, stored: Stored) -> Iterator[str]:
    """In a room messages stand in the order of their rows."""
    rows = {row.key: row for row in stored.rows}
    newest: dict[str, int] = {}
    for message in screen.keys:
        row = rows[screen.keys[message]]
        if row.id < newest.get(row.out.room.key, 0):
            yield f"row {row.id} stands behind {newest[row.out.room.key]}"
        newest[row.out.room.key] = row.id


async def die_at(found: Scene, failpoint: str, passing: int) -> None:
    """A life that ends itself at a failpoint, while people ask on; never much more than can be answered."""
    await found.hub.spawn(failpoint, passing)
    async with asyncio.timeout(60):
        while not found.hub.ended.done():
            waiting = await found.engine.pending(found.folder) if found.hub.serving.is_set() else MOST
            if found.people.unacknowledged + waiting < MOST:
                found.people.say(2)
            await asyncio.wait((found.hub.ended,), timeout=0.05)
    await found.hub.end()
    found.in_doubt |= await found.engine.sending(found.folder)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("delivery", ["editable", pytest.param("idempotent", marks=pytest.mark.slow)])
async def test_every_place_may_be_the_last(tmp_path: Path, keeper: Keeper, engine: Engine, delivery: str) -> None:
    async with scene(tmp_path, keeper, engine, delivery) as found:
        found.people = Askers(tmp_path, random.Random(f"{engine.name} {delivery}"))
        found.hub.environ = {**found.hub.environ, **STREAMS}
        found.model.behaviour.gap_ms = 3.0
        for number, failpoint in enumerate((*SENDING, *FAILPOINTS, *SENDING)):
            if failpoint.startswith("begin") and delivery == "idempotent" and engine.name == "sqlite":
                continue
            found.people.say(6)
            await die_at(found, failpoint, 1 + number % 5)
        await found.hub.start()
        found.people.say(6)
        stored = await found.end()
    screen = Screen.of(found.people.sent)
    faults = [
        *judge.accepted_in_order(found.people.said, stored),
        *judge.remembered_once(found.people.said, stored),
        *judge.in_doubt_only(found.in_doubt, stored, delivery),
        *answered_once(found, stored),
        *seen_once(screen, stored, doubt=delivery == "editable"),
        *in_order(screen, stored),
    ]
    assert not faults
    assert screen.edits > 10
    assert sum(row.out.draft for row in stored.rows) > 10
    assert max(len(words) for words in screen.words.values()) <= LONGEST
