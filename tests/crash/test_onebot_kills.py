"""`hubbub run` is killed while a OneBot implementation talks to it.

OneBot knows no acknowledgement and repeats nothing: what counts as accepted is what is in the inbox.
"""

from __future__ import annotations

import asyncio
import random
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from hubbub.core.messages import text_of
from hubbub.core.work import State
from tests.crash.people import numbers, token
from tests.crash.program import Program
from tests.crash.stored import DONE, GIVEN_UP, Sqlite, Stored
from tests.fakes.model import FakeModel
from tests.fakes.onebot_peer import Conduct, OneBotPeer, Shown, said

pytestmark = pytest.mark.crash

KILLS = 20
USERS = (101, 102, 103, 104, 105)
MEMBERS = USERS[3:]
GROUP = 900


class Implementation:
    """It talks whenever it is connected: commands and questions of five people, three of them in private."""

    def __init__(self, url: str) -> None:
        self.conduct = Conduct()
        self.who: dict[int, int] = {}
        self._url = url
        self._chance = random.Random("onebot")
        self.met = asyncio.Event()

    async def run(self) -> None:
        while True:
            peer = OneBotPeer(self.conduct)
            try:
                await peer.connect(self._url)
            except OSError:
                await asyncio.sleep(0.01)
                continue
            self.met.set()
            while peer.transport is not None:
                self._say(peer)
                await asyncio.sleep(self._chance.random() * 0.01)
            self.met.clear()

    def _say(self, peer: OneBotPeer) -> None:
        number, user = len(self.who) + 1, self._chance.choice(USERS)
        self.who[number] = user
        text = f"{token(number)} please" if self._chance.random() < 0.3 else f"/echo {token(number)} please"
        if user in MEMBERS:
            mention = {"type": "at", "data": {"qq": str(self.conduct.self_id)}}
            peer.push(said([mention, {"type": "text", "data": {"text": f" {text}"}}], number, user=user, group=GROUP))
        else:
            peer.push(said(text, number, user=user))


def faults(shown: list[Shown], stored: Stored) -> Iterator[str]:
    blamed = {entry.id for entry in stored.entries if entry.state == GIVEN_UP}
    for entry in stored.entries:
        if entry.state not in (DONE, GIVEN_UP):
            yield f"entry {entry.id} was accepted and is not done"
    answers = Counter(row.out.entry for row in stored.rows)
    yield from (f"entry {entry.id} has {answers[entry.id]} rows" for entry in stored.entries if answers[entry.id] != 1)
    seen = Counter(number for each in shown for number in numbers(each.text))
    for row in stored.rows:
        if row.out.entry in blamed:  # by chance at work at three deaths: told so, and listed
            continue
        (number,) = numbers(text_of(row.out.message))
        times = seen.pop(number, 0)
        if row.state not in (State.SENT, State.UNKNOWN) or times > 1 or (row.state is State.SENT and not times):
            yield f"row {row.id} is {row.state} and was shown {times} times"
    yield from (f"{number} was shown and is no row" for number in seen)


def misordered(shown: list[Shown], who: dict[int, int]) -> list[int]:
    """People write one message after the other, and so they are answered."""
    newest: Counter[int] = Counter()
    found = []
    for each in shown:
        for number in numbers(each.text):  # none in an apology
            if number < newest[who[number]]:
                found.append(number)
            newest[who[number]] = number
    return found


@pytest.mark.timeout(400)
async def test_nothing_accepted_is_lost_and_doubts_are_listed(tmp_path: Path) -> None:
    chance, engine = random.Random("kills"), Sqlite()
    in_doubt: set[int] = set()
    async with FakeModel(check=False, first_ms=5) as model:
        hub = Program(tmp_path, {"HUBBUB_MODEL": "fake", "OPENAI_BASE_URL": model.url, "OPENAI_API_KEY": "sk-crash"})
        peer = Implementation(hub.onebot)
        talking = asyncio.create_task(peer.run())
        try:
            for number in range(10 * KILLS):
                if number >= KILLS and in_doubt:
                    break
                hub.start()
                await asyncio.wait_for(peer.met.wait(), 60)
                await asyncio.sleep(0.02 + chance.random() * 0.3)
                assert await hub.end(signal.SIGKILL) == -signal.SIGKILL
                in_doubt |= await engine.sending(tmp_path)
            talking.cancel()
            with suppress(asyncio.CancelledError):
                await talking
            hub.start()
            await hub.listening()
            async with asyncio.timeout(60):
                last = await OneBotPeer(peer.conduct).connect(hub.onebot)
                while await engine.pending(tmp_path):
                    await asyncio.sleep(0.02)
            beside = await hub.listed("unknown")
            last.close()
            assert await hub.end() == 0
            alone = await hub.listed("unknown")
        finally:
            hub.clear()
    stored = await engine.read(tmp_path)
    assert not list(faults(peer.conduct.shown, stored))
    assert not misordered(peer.conduct.shown, peer.who)
    assert {row["id"] for row in beside} == in_doubt == {row["id"] for row in alone}
    assert {"id", "platform", "account", "room", "state", "text", "created_at"} <= set(beside[0])
    assert sum(entry.state == GIVEN_UP for entry in stored.entries) <= KILLS // 3, "hardly any was blamed"
    assert len(stored.entries) > 5 * KILLS, "people got through"
