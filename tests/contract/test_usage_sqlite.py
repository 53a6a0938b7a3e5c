"""Usage and forgetting on SQLite."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING

import pytest

from hubbub.core.work import Append
from hubbub.storage.sqlite import forgetting
from hubbub.storage.sqlite.connection import DATABASE
from tests.contract.store_harness import written
from tests.contract.store_reserving import ReserveSuite
from tests.contract.store_sqlite import SqliteHarness, fast_folder
from tests.contract.store_usage import ME, YOU, ForgetSuite, UsageSuite, reply, said

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class TestUsageOnSqlite(UsageSuite, ForgetSuite, ReserveSuite):
    @pytest.fixture
    async def harness(self) -> AsyncIterator[SqliteHarness]:
        harness = SqliteHarness(fast_folder())
        await harness.open()
        yield harness
        await harness.end()
        harness.remove()

    async def test_no_word_is_left_in_the_file(self, harness: SqliteHarness, monkeypatch: pytest.MonkeyPatch) -> None:
        """However many rows there are, in however small pieces they go."""
        monkeypatch.setattr(forgetting, "_RANGE", 3)
        monkeypatch.setattr(forgetting, "_PIECE", 2)
        for number in range(9):
            for index, owner in enumerate((ME, YOU)):
                _, (row,) = await said(harness.store, owner, 100 * index + number, reply(owner, text=f"told {owner}"))
                await harness.store.outbox.begin(row.id)
                await harness.store.outbox.settle(row.id, f"{number}")
                await written(
                    harness.store,
                    Append(owner, "context", "default", (f"kept for {owner}",)),
                    number=1000 + 100 * index + number,
                )
        await harness.store.forget(ME)
        assert _rows_with(harness, "secret of ") == {YOU: 9}
        assert _rows_with(harness, "told ") == {YOU: 9}
        assert _rows_with(harness, "kept for ") == {YOU: 9}

    async def test_what_a_crash_leaves_undone_is_finished(self, harness: SqliteHarness) -> None:
        await said(harness.store, ME, 1, reply(ME))
        await written(harness.store, Append(ME, "context", "default", ("kept for me",)), number=2)
        newest = await harness.store._writer.call(partial(forgetting._unlink, ME))
        assert set(newest) == {"node", "inbox", "outbox"}
        store = await harness.reopen("killed")
        assert not await store.conversations.owners("context")
        assert _rows_with(harness, "kept for ") == {"me": 1}
        await store.prune(0.0)
        assert _rows_with(harness, "kept for ") == {}
        assert _rows_with(harness, "secret of ") == {}
        await store.prune(0.0)
        with closing(sqlite3.connect(harness.folder / DATABASE)) as db:
            assert db.execute("SELECT count(*) FROM meta WHERE key LIKE 'forget%'").fetchone() == (0,)


def _rows_with(harness: SqliteHarness, words: str) -> dict[str, int]:
    """How often what follows these words is found in the tables."""
    found: dict[str, int] = {}
    with closing(sqlite3.connect(harness.folder / DATABASE)) as db:
        for query in ("SELECT event FROM inbox", "SELECT message FROM outbox", "SELECT body FROM node"):
            for (data,) in db.execute(query):
                text = data.decode() if isinstance(data, bytes) else data
                if words in json.dumps(json.loads(text)):
                    name = text.partition(words)[2].partition('"')[0]
                    found[name] = found.get(name, 0) + 1
    return found
