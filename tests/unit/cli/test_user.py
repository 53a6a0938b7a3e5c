"""`hubbub user`, with and without a running hub."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hubbub.api.native.users import UserShown
from hubbub.cli.commands import app
from hubbub.core.identities import Role
from hubbub.core.people import Stranger, User
from hubbub.core.work import Spend
from hubbub.storage.sqlite.store import SqliteStore
from tests.fakes.doors import MemoryHub
from tests.fakes.people import MemoryPeople
from tests.unit.cli.beside import beside
from tests.unit.cli.stores import fill


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path / "data"


@pytest.fixture
def filled(data: Path) -> Path:
    fill(data, {})

    async def spend() -> None:
        store = SqliteStore(data)
        await store.open()
        await store.usage.add(Spend("onebot:private:5", time.strftime("%Y-%m-%d"), 2, 30, 10))
        await store.close()

    asyncio.run(spend())
    return data


def hubbub(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["user", *arguments])
    assert result.exit_code == code, result.output
    return result.stdout if code == 0 else result.stderr


def rows(*arguments: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in hubbub(*arguments, "--json").splitlines()]


@pytest.mark.usefixtures("filled")
def test_users_are_listed_and_shown() -> None:
    assert [(row["person"], row["messages"], row["tokens"]) for row in rows("list")] == [("onebot:5", 2, 40)]
    assert "onebot:5" in hubbub("list")
    (shown,) = rows("show", "onebot:5")
    assert (shown["owner"], shown["role"], shown["tokens_today"]) == ("onebot:private:5", "user", 40)
    assert "tokens_today       40" in hubbub("show", "onebot:5")
    assert set(shown) == set(UserShown.model_fields)


@pytest.mark.usefixtures("filled")
def test_a_person_is_blocked_and_let_in_again() -> None:
    assert hubbub("block", "onebot:6") == "onebot:6 is blocked\n"
    assert {row["person"]: row["role"] for row in rows("list")} == {"onebot:5": "user", "onebot:6": "blocked"}
    assert hubbub("allow", "onebot:6", "--role", "admin") == "onebot:6 is admin\n"
    assert hubbub("allow", "onebot:6", "--role", "nobody") == "onebot:6 is user\n"
    assert len(rows("list")) == 1
    assert "write PLATFORM:ID" in hubbub("block", "anna", code=1)


@pytest.mark.usefixtures("filled")
def test_forgetting_wants_a_yes() -> None:
    assert "--yes" in hubbub("forget", "onebot:5", code=1)
    assert hubbub("forget", "onebot:5", "--yes").startswith("onebot:5 is forgotten")


@pytest.mark.usefixtures("filled")
def test_limits_of_one_alone() -> None:
    assert hubbub("limit", "onebot:5", "--messages", "5") == "onebot:5: 5 messages a day, any number of tokens a day\n"
    (shown,) = rows("show", "onebot:5")
    assert (shown["messages_per_day"], shown["own_messages"], shown["own_tokens"]) == (5, 5, None)
    hubbub("limit", "onebot:5", "--tokens", "0")
    assert (rows("show", "onebot:5")[0]["own_messages"], rows("show", "onebot:5")[0]["own_tokens"]) == (None, 0)
    assert "is nobody" in hubbub("limit", "hub:access", code=1)


@pytest.mark.usefixtures("filled")
def test_nobody_waits_to_be_let_in() -> None:
    assert hubbub("pair") == "none\n"
    assert "There is no code AAAAAA" in hubbub("pair", "AAAAAA", code=1)


def test_no_data_are_said() -> None:
    assert "no data" in hubbub("list", code=1)


def test_beside_a_hub_it_is_asked(data: Path) -> None:
    people = MemoryPeople({"onebot:5": User("onebot:private:5", "onebot:5", Role.USER, messages=3)})
    with beside(MemoryHub(people=people), data):
        assert [row["messages"] for row in rows("list")] == [3]
        assert rows("show", "matrix:@a:b/c")[0]["owner"] == "matrix:@a:b/c"
        assert hubbub("block", "onebot:5") == "onebot:5 is blocked\n"
        assert people.known["onebot:5"].role is Role.BLOCKED
        assert hubbub("allow", "onebot:5") == "onebot:5 is user\n"
        assert hubbub("forget", "onebot:5", "--yes").startswith("onebot:5 is forgotten")
        assert people.forgotten == ["onebot:5"]
        assert hubbub("list") == "none\n"
        assert hubbub("limit", "onebot:5", "--tokens", "7").startswith("onebot:5: ")
        assert people.known["onebot:5"].own_tokens == 7
        people.strangers.append(Stranger("AB23CD", "onebot:8", "Eve", 2.0))
        assert rows("pair") == [{"code": "AB23CD", "person": "onebot:8", "name": "Eve", "until": 2.0}]
        assert hubbub("pair").splitlines()[1].split() == ["AB23CD", "onebot:8", "Eve"]
        assert hubbub("pair", "AB23CD") == "onebot:8 is let in\n"
        assert "There is no code" in hubbub("pair", "AB23CD", code=1)
        assert "is nobody" in hubbub("block", "anna", code=1)
