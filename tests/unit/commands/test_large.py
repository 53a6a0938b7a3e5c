"""Those who keep very much: what they ask for is bounded, holds nobody else up, and says how far it is."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from functools import partial
from pathlib import Path

import pytest

from hubbub.commands import exporting
from hubbub.commands import waiting as waits
from hubbub.conversations import archives, trees
from hubbub.conversations.contexts import body_of
from hubbub.core.errors import StoreError, UserError
from hubbub.core.messages import Message, text_of
from hubbub.core.phrases import Phrase
from hubbub.core.ports import Streamed
from hubbub.core.turns import Turn
from hubbub.core.work import Append, Branch, BranchKind
from tests.fakes.loop_turns import turns
from tests.unit.commands.hub import World, world


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path) as found:
        yield found


async def keep(hub: World, count: int, text: str = "words **and** `more` of them\n\n- one", name: str = "") -> None:
    """A conversation of Ann's."""
    owner = hub.person().owner
    bodies = tuple(body_of(Turn("user" if n % 2 else "assistant", f"{n} {text}")) for n in range(count))
    for begin in range(0, count, 500):
        await hub.store.conversations.change([Append(owner, "context", name or "main", bodies[begin : begin + 500])])


@pytest.mark.parametrize("command", ["/export md", "/export json", "/export html", "/export 3-900", "/sudf all"])
async def test_much_holds_nobody_up(hub: World, command: str) -> None:
    await keep(hub, 3000)
    await hub.person().reads(command)  # what is loaded on first use is there
    with turns() as seen:
        await hub.person().reads(command)
    assert seen.longest < 0.005, seen


async def test_an_export_of_too_much_is_refused_before_all_is_read(hub: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hubbub.commands.exporting._MOST_BYTES", 50_000)
    for number in range(6):
        await keep(hub, 20, "x" * 1000, f"c{number}")
    read: list[str] = []
    branch = hub.store.conversations.branch

    async def counted(owner: str, kind: BranchKind, name: str = "", limit: int = 0) -> object:
        if name and not limit:
            read.append(name)
        return await branch(owner, kind, name, limit)

    monkeypatch.setattr(hub.store.conversations, "branch", counted)
    assert "please export single conversations" in await hub.person().reads("/export all json")
    assert len(read) == 3


async def test_an_archive_of_too_much_is_refused(hub: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "LARGEST", 200_000)
    await keep(hub, 20, "x" * 1000, "small")
    assert len(await archives.whole(hub.store.conversations, hub.person().owner)) > 20_000
    await keep(hub, 300, "x" * 1000, "large")
    with pytest.raises(UserError) as found:
        await archives.whole(hub.store.conversations, hub.person().owner)
    assert found.value.user_text.key == "userdata.archive.large"
    assert "MB" in await hub.person().reads("/sudf all")


async def test_a_file_that_no_message_holds_is_refused(hub: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hubbub.commands.telling._MOST_BYTES", 5_000)
    assert "zip" in await hub.person().reads("/sudf all")
    await keep(hub, 20, "x" * 1000)
    assert "too large" in await hub.person().reads("/sudf all")


async def test_an_archive_of_too_many_branches_is_refused(hub: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "_MOST_FILES", 5)
    for number in range(6):
        await keep(hub, 1, "x", f"c{number}")
    with pytest.raises(UserError):
        await archives.whole(hub.store.conversations, hub.person().owner)


async def test_a_tree_is_of_the_newest_branches(hub: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trees, "MOST_BRANCHES", 3)
    for number in range(5):
        await keep(hub, 1, f"conversation {number}", f"c{number}")
    shown = await hub.person().reads("/tree")
    assert [f"conversation {number}" in shown for number in range(5)] == [False, False, True, True, True]
    assert shown.endswith("…")


async def test_a_note_says_what_is_done_and_for_how_long() -> None:
    notes: list[Streamed] = []
    told = asyncio.Event()

    def show(piece: Streamed) -> None:
        notes.append(piece)
        told.set()

    async with waits.waiting(_Context(show), after=0.01) as progress:  # type: ignore[arg-type]
        progress.step(Phrase("command.export.reading", {"number": 3, "of": 12}))
        async with asyncio.timeout(10):
            await told.wait()
    assert notes == [Streamed(note="⏳ command.export.reading {'number': 3, 'of': 12} waiting.seconds {'seconds': 0}")]


async def test_what_is_quick_says_nothing() -> None:
    notes: list[Streamed] = []
    async with waits.waiting(_Context(notes.append), after=60):  # type: ignore[arg-type]
        pass
    silent = _Context(None)
    async with waits.waiting(silent, after=60):  # type: ignore[arg-type]
        pass
    assert (notes, silent.told) == ([], [])


async def test_where_no_notes_are_seen_one_message_says_it() -> None:
    silent = _Context(None)
    async with waits.waiting(silent, after=0.01), asyncio.timeout(10):  # type: ignore[arg-type]
        while not silent.told:
            await asyncio.sleep(0.001)
    assert silent.told == ["⏳ waiting.working {}"]


async def test_who_cannot_be_told_is_served_all_the_same(caplog: pytest.LogCaptureFixture) -> None:
    broken = _Context(None, StoreError("away"))
    async with waits.waiting(broken, after=0):  # type: ignore[arg-type]
        await asyncio.sleep(0.01)
    assert "away" in caplog.text


async def test_an_export_that_takes_long_is_announced_before_it_comes(
    hub: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hubbub.commands.exporting.waiting", partial(waits.waiting, after=0.01))
    counted = exporting._count

    def slow(found: Sequence[Branch]) -> int:
        deadline = time.monotonic() + 10
        while not hub.platforms["fake"].shown and time.monotonic() < deadline:
            time.sleep(0.002)
        return counted(found)

    monkeypatch.setattr(exporting, "_count", slow)
    hub.road.drafts.commit = hub.dispatcher.meanwhile
    await keep(hub, 3)
    rows = await hub.person().sends("/export main json")
    said = [text_of(row.out.message) for row in rows]
    assert said[0].startswith("⏳ ")
    assert said[1].startswith("Conversations: 1, messages: 3.")


class _Context:
    """As much of a command's context as is asked."""

    def __init__(self, show: object, broken: Exception | None = None) -> None:
        self._show = show
        self._broken = broken
        self.asking = self
        self.told: list[str] = []

    async def tell(self, message: Message) -> None:
        if self._broken is not None:
            raise self._broken
        self.told.append(text_of(message))

    def busy(self) -> _Context:
        return self

    async def __aenter__(self) -> object:
        return self._show

    async def __aexit__(self, *_: object) -> None:
        return

    async def say(self, *phrases: Phrase) -> str:
        return " ".join(f"{each.key} {dict(each.values)}" for each in phrases)
