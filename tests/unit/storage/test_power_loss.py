"""The power fails at any moment: the file is sound, and no event that a platform was told of is lost.

What is on the disk then: all that was flushed, and of what was written after it any part. A commit with
``synchronous = FULL`` flushes the log, a checkpoint flushes the log before it writes the file, and the file before the
log starts anew. So a cut is made on copies: the flushed part of the log is kept, the rest is cut or torn, or some pages
of a checkpoint are in the file already.
"""

from __future__ import annotations

import random
import shutil
import sqlite3
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from hubbub.core.work import Unit
from hubbub.storage.sqlite import connection
from hubbub.storage.sqlite.connection import DATABASE
from hubbub.storage.sqlite.store import SqliteStore
from tests.contract.store_harness import event, out, room
from tests.contract.store_sqlite import fast_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FULL = 2
HEADER, FRAME, SECTOR = 32, 24, 512


@dataclass(frozen=True)
class Moment:
    """Both files, how much of the log is flushed for certain, and up to which entry the platform was told."""

    file: bytes
    log: bytes
    flushed: int
    told: int

    @property
    def page(self) -> int:
        return int(struct.unpack(">I", self.log[8:12])[0])


def generation(log: bytes) -> Iterator[tuple[int, int]]:
    """Where each frame of the log as it is now begins and ends; what is behind them is left over from before."""
    page: int = struct.unpack(">I", log[8:12])[0] if len(log) >= HEADER else 0
    start = HEADER
    while page and log[start + 8 : start + 16] == log[16:24] and len(log) >= start + FRAME + page:
        yield start, start + FRAME + page
        start += FRAME + page


class Recorder:
    """Stands in the writer's thread and keeps moments."""

    def __init__(self, folder: Path, chance: random.Random) -> None:
        self._folder = folder
        self._chance = chance
        self._flushed = self._told = 0
        self._salt = b""
        self._file = b""
        self.moments: list[Moment] = []

    def watch(self, writer: Any) -> None:
        write = writer._write

        def recorded(db: sqlite3.Connection, batch: Any) -> Any:
            entries = [entry[0] for entry in batch.entries]
            result = write(db, batch)
            flushes = db.execute("PRAGMA synchronous").fetchone()[0] >= FULL
            self._keep(max(entries, default=0), flushes=flushes)
            return result

        writer._write = recorded

    def _keep(self, told: int, *, flushes: bool) -> None:
        log = (self._folder / f"{DATABASE}-wal").read_bytes()
        if log[16:24] != self._salt:
            self._salt, self._flushed = log[16:24], HEADER  # its header is flushed when it starts anew
        file = (self._folder / DATABASE).read_bytes()
        checkpoint = file != self._file
        if checkpoint:  # else all moments share one copy
            self._file = file
        if flushes or checkpoint:
            self._flushed = max((end for _, end in generation(log)), default=HEADER)
        self._told = max(self._told, told)
        if self._chance.random() < 0.2:
            self.moments.append(Moment(self._file, log, self._flushed, self._told))


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A data folder whose log starts anew often."""
    settings = [each for each in connection._SETTINGS if "autocheckpoint" not in each]
    monkeypatch.setattr(connection, "_SETTINGS", (*settings, "wal_autocheckpoint = 40"))
    made = fast_folder()
    yield made
    shutil.rmtree(made)


async def recorded(folder: Path, chance: random.Random) -> list[Moment]:
    """Moments of a hub at work."""
    store = SqliteStore(folder)
    recorder = Recorder(folder, chance)
    recorder.watch(store._writer)
    await store.open()
    for number in range(400):
        receipt = await store.inbox.accept(event(number, text="x" * chance.randint(1, 3000)), room().key, "a")
        assert receipt.claim is not None
        if chance.random() < 0.8:
            entry = receipt.entry.id
            unit = Unit(done=(entry,), sends=(out("answer", entry=entry),))
            (row,) = (await store.inbox.commit(receipt.entry.lane, receipt.claim.fence, unit)).rows
            await store.outbox.settle(row.id, str(number))
    await store.close()
    moments, recorder.moments = recorder.moments, []  # the recorder and the store hold each other for a while yet
    assert len({moment.log[16:24] for moment in moments}) > 5, "the log never started anew"
    return moments


# --- cuts --------------------------------------------------------------------------------------------------------


def tail_lost(moment: Moment, chance: random.Random) -> tuple[bytes, bytes]:
    return moment.file, moment.log[: chance.randint(moment.flushed, len(moment.log))]


def tail_torn(moment: Moment, chance: random.Random) -> tuple[bytes, bytes]:
    log = bytearray(moment.log)
    for start in range(moment.flushed, len(log), SECTOR):
        if chance.random() < 0.3:
            some = slice(start, min(start + SECTOR, len(log)))
            log[some] = chance.randbytes(some.stop - start) if chance.random() < 0.5 else bytes(some.stop - start)
    return moment.file, bytes(log)


def checkpoint_half_done(moment: Moment, chance: random.Random) -> tuple[bytes, bytes]:
    """Some sectors of the flushed pages are in the file already, in any order; the log is still whole."""
    file, page = bytearray(moment.file), moment.page
    for start, _ in generation(moment.log[: moment.flushed]):
        number = struct.unpack(">I", moment.log[start : start + 4])[0]
        file.extend(bytes(max(0, number * page - len(file))))
        for sector in range(0, page, SECTOR):
            if chance.random() < 0.5:
                at = (number - 1) * page + sector
                file[at : at + SECTOR] = moment.log[start + FRAME + sector :][:SECTOR]
    return bytes(file), moment.log[: moment.flushed]


CUTS = (tail_lost, tail_torn, checkpoint_half_done)


def check(folder: Path, told: int) -> None:
    """The file is sound, every event up to ``told`` is there, and units are whole."""
    db = sqlite3.connect(folder / DATABASE)
    try:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        there = {row[0] for row in db.execute("SELECT id FROM inbox")}
        assert set(range(1, told + 1)) <= there, "an event that was acknowledged is lost"
        answered = {row[0] for row in db.execute("SELECT entry FROM outbox")}
        assert {row[0] for row in db.execute("SELECT id FROM inbox WHERE state = 1")} == answered
    finally:
        db.close()


def cut(folder: Path, moment: Moment, chance: random.Random) -> None:
    file, log = chance.choice(CUTS)(moment, chance)
    (folder / f"{DATABASE}-shm").unlink(missing_ok=True)
    (folder / DATABASE).write_bytes(file)
    (folder / f"{DATABASE}-wal").write_bytes(log)


async def cut_often(folder: Path, cuts: int, seed: int) -> None:
    chance = random.Random(seed)
    moments = await recorded(folder, chance)
    for number in range(cuts):
        moment = chance.choice(moments)
        cut(folder, moment, chance)
        if number % 10 == 0:
            store = SqliteStore(folder)
            await store.open()
            for claim in await store.inbox.claim("a", 9):
                assert all(entry.event.id for entry in claim.entries)
            await store.close()
        check(folder, moment.told)


async def test_a_power_cut_loses_nothing_that_was_acknowledged(folder: Path) -> None:
    await cut_often(folder, 50, 1)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10))
async def test_many_power_cuts_lose_nothing(folder: Path, seed: int) -> None:
    await cut_often(folder, 100, seed)


async def test_the_check_notices_a_loss(folder: Path) -> None:
    """Were an acknowledgement given without a flush, these cuts would show it."""
    moments = await recorded(folder, random.Random(2))
    forgetful = [Moment(m.file, m.log, HEADER, m.told) for m in moments if m.flushed > HEADER + 5 * FRAME]
    chance, noticed = random.Random(3), 0
    for moment in forgetful[:20]:
        cut(folder, moment, chance)
        try:
            check(folder, moment.told)
        except (AssertionError, sqlite3.Error):
            noticed += 1
    assert noticed > 5
