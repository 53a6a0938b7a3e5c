"""Users over a real store: what is changed counts at once and stays."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from hubbub.app.people import HubPeople, owner_of_person, people_beside_no_hub, person_of
from hubbub.commands.access.gate import Gate
from hubbub.commands.access.rules import AccessRules
from hubbub.conversations.limits import NO_LIMITS
from hubbub.core.addresses import Room
from hubbub.core.errors import UserError
from hubbub.core.events import Noticed, Received
from hubbub.core.identities import Author, Role
from hubbub.core.messages import Text, text_of
from hubbub.core.phrases import Phrase
from hubbub.core.work import Append, Spend, State, Unit
from hubbub.settings import Settings, load
from hubbub.storage.sqlite.store import SqliteStore
from hubbub.words import say

TODAY = time.strftime("%Y-%m-%d")


def settings(folder: Path, text: str = "") -> Settings:
    (folder / "hubbub.toml").write_text(text, encoding="utf-8")
    return load(environ={"HUBBUB_DATA_DIR": str(folder / "data")}, folder=folder)


@asynccontextmanager
async def opened(given: Settings) -> AsyncIterator[tuple[SqliteStore, HubPeople]]:
    store = SqliteStore(given.server.data_dir)
    await store.open()
    try:
        yield store, await people_beside_no_hub(given, store)
    finally:
        await store.close()


async def use(store: SqliteStore, owner: str, tokens: int, day: str = TODAY) -> None:
    await store.usage.add(Spend(owner, day, 1, tokens, 1))


async def keep(store: SqliteStore, owner: str, word: str) -> None:
    """Somebody said something, and it was kept."""
    event = Noticed(f"n-{owner}", Room("onebot", "1", "private", "5"), Author("5"), 1.0, "x")
    receipt = await store.inbox.accept(event, owner, "test")
    assert receipt.claim is not None
    unit = Unit((receipt.entry.id,), writes=(Append(owner, "context", "main", ({"said": word},)),))
    await store.inbox.commit(receipt.claim.lane, receipt.claim.fence, unit, release=True)


@pytest.mark.parametrize(
    ("name", "owner", "person"),
    [
        ("onebot:5", "onebot:private:5", "onebot:5"),
        ("onebot:private:5", "onebot:private:5", "onebot:5"),
        ("matrix:@anna:example.org", "matrix:private:@anna:example.org", "matrix:@anna:example.org"),
        ("onebot:group:7:5", "onebot:group:7:5", ""),
        ("onebot:group:7", "onebot:group:7", ""),
        ("onebot:private", "onebot:private:private", "onebot:private"),
        ("anna", "anna", ""),
        ("", "", ""),
        (":5", ":5", ""),
    ],
)
def test_names_of_people_and_of_owners(name: str, owner: str, person: str) -> None:
    assert owner_of_person(name) == owner
    assert owner_of_person(owner) == owner
    assert person_of(owner) == person


async def test_users_are_those_who_asked_and_those_on_lists(tmp_path: Path) -> None:
    given = settings(tmp_path, '[commands]\nadmins = ["onebot:9"]\n[limits]\ntokens_per_day = 50\n')
    async with opened(given) as (store, people):
        await use(store, "onebot:private:5", 10)
        await use(store, "onebot:group:7", 20)
        await use(store, "onebot:private:5", 1, "2026-01-01")
        await people.set_role("onebot:6", Role.BLOCKED)
        found = {user.owner: user for user in await people.users(100)}
        assert [user.owner for user in await people.users(1)] == ["onebot:private:5"]
    assert [user.role for user in found.values()] == [Role.USER, None, Role.BLOCKED, Role.ADMIN]
    assert (found["onebot:private:5"].messages, found["onebot:private:5"].tokens) == (2, 13)
    assert found["onebot:private:5"].tokens_per_day == 50
    assert abs(found["onebot:private:5"].last_at - time.time()) < 60
    assert [user.fixed for user in found.values()] == [False, False, False, True]


async def test_one_in_detail(tmp_path: Path) -> None:
    async with opened(settings(tmp_path)) as (store, people):
        await use(store, "onebot:private:5", 10)
        await use(store, "onebot:private:5", 1, "2026-01-01")
        await keep(store, "onebot:private:5", "hello")
        found = await people.details("onebot:5")
        assert (found.messages_today, found.tokens_today, found.conversations) == (1, 11, 1)
        assert found.user.tokens == 13
        nobody = await people.details("onebot:404")
        assert (nobody.user.messages, nobody.user.role, nobody.conversations) == (0, Role.USER, 0)


async def test_a_role_counts_at_once_and_stays(tmp_path: Path) -> None:
    given = settings(tmp_path)
    async with opened(given) as (_, people):
        for role in (Role.GUEST, Role.ADMIN, Role.BLOCKED):
            assert (await people.set_role("onebot:5", role)).role is role
    async with opened(given) as (_, people):
        assert (await people.details("onebot:5")).user.role is Role.BLOCKED
        assert (await people.set_role("onebot:private:5", None)).role is Role.USER
    async with opened(given) as (store, people):
        assert (await people.details("onebot:5")).user.role is Role.USER
        assert (await store.stats())["inbox_waiting"] == 0


async def test_limits_count_at_once_and_stay(tmp_path: Path) -> None:
    given = settings(tmp_path, "[limits]\nmessages_per_day = 50\ntokens_per_day = 60\n")
    async with opened(given) as (_, people):
        found = await people.set_limits("onebot:5", 7, None)
        assert (found.messages_per_day, found.tokens_per_day) == (7, 60)
        assert (found.own_messages, found.own_tokens) == (7, None)
        await people.set_limits("anna", 0, 0)
        with pytest.raises(UserError):
            await people.set_limits("hub:access", 1, 1)
    async with opened(given) as (_, people):
        assert (await people.details("onebot:5")).user == found
        assert (await people.details("anna")).user.messages_per_day == 0
        assert (await people.set_limits("onebot:5", None, None)).messages_per_day == 50


async def test_a_stranger_is_let_in_and_told_when_the_hub_runs(tmp_path: Path) -> None:
    given = settings(tmp_path, '[access]\nmode = "pairing"\n')
    room = Room("onebot", "1", "private", "5")
    async with opened(given) as (store, people):
        gate = Gate(store.conversations, AccessRules(mode="pairing"), NO_LIMITS, time.time)
        asked = gate.offer(Received("e1", room, Author("5", "Eve"), (Text("hi"),), 1.0, "m1"), "zh")
        assert asked is not None
        stranger, writes = asked
        receipt = await store.inbox.accept(Noticed("n", room, Author("5"), 1.0, "x"), "lane", "test")
        assert receipt.claim is not None
        unit = Unit((receipt.entry.id,), writes=writes)
        await store.inbox.commit(receipt.claim.lane, receipt.claim.fence, unit, release=True)
    async with opened(given) as (store, people):
        (waiting,) = await people.waiting()
        assert (waiting.code, waiting.person, waiting.name) == (stranger.code, "onebot:5", "Eve")
        for wrong in ("", " ", "XXXXXX"):
            with pytest.raises(UserError):
                await people.let_in(wrong)
        assert (await people.let_in(waiting.code.lower())).role is Role.USER
        assert not await people.waiting()
        (row,) = await store.outbox.deliveries([State.QUEUED])
        assert row.out.room == room
        assert text_of(row.out.message) == say(Phrase("access.welcome"), "zh")


async def test_many_changes_at_once_are_all_kept(tmp_path: Path) -> None:
    given = settings(tmp_path)
    async with opened(given) as (_, people), asyncio.TaskGroup() as group:
        for number in range(20):
            group.create_task(people.set_role(f"onebot:{number}", Role.GUEST))
    async with opened(given) as (_, people):
        assert len(await people.users(100)) == 20


async def test_who_the_settings_name_and_who_is_no_person_stays_as_it_is(tmp_path: Path) -> None:
    async with opened(settings(tmp_path, '[commands]\nblocked = ["onebot:9"]\n')) as (_, people):
        for name in ("onebot:9", "onebot:group:7", "anna", ""):
            with pytest.raises(UserError):
                await people.set_role(name, Role.USER)


async def test_forgetting_takes_what_was_kept(tmp_path: Path) -> None:
    given = settings(tmp_path)
    async with opened(given) as (store, people):
        await keep(store, "onebot:private:5", "a secret word")
        await people.forget("onebot:5")
        assert (await people.details("onebot:5")).conversations == 0
        for name in ("", "hub:access"):
            with pytest.raises(UserError):
                await people.forget(name)
    files = [path.read_bytes() for path in (tmp_path / "data").glob("hubbub.db*")]
    assert files
    assert not any(b"a secret word" in content for content in files)


async def test_in_a_private_bot_a_stranger_is_blocked_until_let_in(tmp_path: Path) -> None:
    async with opened(settings(tmp_path, '[access]\nmode = "list"\n')) as (_, people):
        assert (await people.details("onebot:5")).user.role is Role.BLOCKED
        assert (await people.set_role("onebot:5", Role.USER)).role is Role.USER
