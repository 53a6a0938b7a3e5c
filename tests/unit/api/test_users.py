"""The routes about users: for admins only, and by both kinds of names."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest
from yarl import URL

from hubbub.core.identities import Role
from hubbub.core.people import Stranger, User
from tests.fakes.doors import Doors, MemoryHub, doors
from tests.fakes.people import MemoryPeople

ANNA = User("onebot:private:5", "onebot:5", Role.USER, messages=3, tokens=40, last_at=1.5, tokens_per_day=100)


@pytest.fixture
def people() -> MemoryPeople:
    return MemoryPeople({"onebot:5": ANNA, "onebot:6": User("onebot:private:6", "onebot:6", Role.ADMIN, fixed=True)})


@pytest.fixture
async def at(people: MemoryPeople) -> AsyncIterator[Doors]:
    async with doors(MemoryHub(people=people)) as found:
        yield found


async def ask(at: Doors, method: str, path: str, body: Any = None, *, admin: bool = True) -> tuple[int, Any]:
    headers = await (at.admin() if admin else at.token("messages", "status", "metrics", "openai"))
    url = URL(f"{at.url}/api/v1{path}", encoded=True)
    async with at.client.request(method, url, json=body, headers=headers) as answer:
        return answer.status, await answer.json() if answer.status != 204 else None


async def test_users_are_listed(at: Doors) -> None:
    status, found = await ask(at, "GET", "/users")
    assert status == 200
    assert [user["person"] for user in found["users"]] == ["onebot:5", "onebot:6"]
    assert found["users"][0] == {
        "owner": "onebot:private:5", "person": "onebot:5", "role": "user", "fixed": False, "messages": 3, "tokens": 40,
        "last_at": 1.5, "messages_per_day": 0, "tokens_per_day": 100, "own_messages": None, "own_tokens": None,
        "money": 0.0, "money_per_day": 0.0, "own_money": None, "joined": [], "joined_to": "",
    }  # fmt: skip
    assert len((await ask(at, "GET", "/users?limit=1"))[1]["users"]) == 1


@pytest.mark.parametrize("name", ["onebot:5", "matrix:@anna:example.org", "onebot:group:1:2", "odd:a/b", "小安:1"])
async def test_one_is_shown_by_any_name(at: Doors, name: str) -> None:
    status, found = await ask(at, "GET", f"/users/{quote(name, safe='')}")
    assert (status, found["person"]) == (200, name)
    assert (found["messages_today"], found["conversations"]) == (1, 2)


async def test_money_is_limited_and_joined_owners_are_told(at: Doors, people: MemoryPeople) -> None:
    body = {"messages_per_day": 1, "money_per_day": 0.5}
    assert (await ask(at, "PUT", "/limits/onebot:5", body))[1]["own_money"] == 0.5
    for bad in (-1, 1e9, "much"):
        assert (await ask(at, "PUT", "/limits/onebot:5", {"money_per_day": bad}))[0] == 422
    people.known["onebot:5"] = replace(people.known["onebot:5"], joined=("x:private:1",), joined_to="y:private:2")
    found = (await ask(at, "GET", "/users/onebot:5"))[1]
    assert (found["joined"], found["joined_to"]) == (["x:private:1"], "y:private:2")


async def test_roles_are_given_and_taken_away(at: Doors, people: MemoryPeople) -> None:
    assert (await ask(at, "PUT", "/users/onebot:5", {"role": "blocked"}))[1]["role"] == "blocked"
    assert people.known["onebot:5"].role is Role.BLOCKED
    assert (await ask(at, "PUT", "/users/onebot:5", {"role": None}))[1]["role"] == "user"


@pytest.mark.parametrize(
    ("name", "body", "told"),
    [
        ("onebot:6", {"role": "user"}, "The settings say who"),
        ("nobody", {"role": "user"}, "is nobody"),
        ("onebot:5", {"role": "owner"}, "access.owners"),
        ("onebot:5", {"role": "king"}, "role"),
        ("onebot:5", {}, "role"),
    ],
)
async def test_what_cannot_be_is_refused(at: Doors, name: str, body: Any, told: str) -> None:
    status, answer = await ask(at, "PUT", f"/users/{name}", body)
    assert status == 422
    assert told in answer["error"]["message"]


async def test_limits_are_set(at: Doors, people: MemoryPeople) -> None:
    status, found = await ask(at, "PUT", "/limits/onebot:5", {"messages_per_day": 5, "tokens_per_day": 0})
    assert (status, found["own_messages"], found["own_tokens"]) == (200, 5, 0)
    await ask(at, "PUT", "/limits/onebot:5", {})
    assert people.known["onebot:5"].own_messages is None
    wrongs: list[Any] = [{"messages_per_day": -1}, {"tokens_per_day": "x"}, {"messages": 5}, []]
    for wrong in wrongs:
        assert (await ask(at, "PUT", "/limits/onebot:5", wrong))[0] == 422
    assert (await ask(at, "PUT", "/limits/hub:access", {}))[0] == 422
    assert (await ask(at, "PUT", "/limits/onebot:5", {}, admin=False))[0] == 403


async def test_strangers_are_let_in_by_their_codes(at: Doors, people: MemoryPeople) -> None:
    people.strangers.append(Stranger("AB23CD", "onebot:8", "Eve", 2.0))
    assert (await ask(at, "GET", "/pairing", admin=False))[0] == 403
    assert await ask(at, "GET", "/pairing") == (
        200,
        {"waiting": [{"code": "AB23CD", "person": "onebot:8", "name": "Eve", "until": 2.0}]},
    )
    assert (await ask(at, "POST", "/pairing/XXXXXX"))[0] == 404
    assert (await ask(at, "POST", "/pairing/AB23CD", admin=False))[0] == 403
    status, found = await ask(at, "POST", "/pairing/AB23CD")
    assert (status, found["person"], found["role"]) == (200, "onebot:8", "user")


async def test_a_user_is_forgotten(at: Doors, people: MemoryPeople) -> None:
    assert (await ask(at, "DELETE", "/users/onebot:5"))[0] == 204
    assert people.forgotten == ["onebot:5"]
    assert (await ask(at, "DELETE", "/users/hub:access"))[0] == 422


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_only_an_admin_may(at: Doors, people: MemoryPeople, method: str) -> None:
    body = {"role": "admin"} if method == "PUT" else None
    assert (await ask(at, method, "/users/onebot:5", body, admin=False))[0] == 403
    async with at.client.request(method, f"{at.url}/api/v1/users/onebot:5", json=body) as answer:
        assert answer.status == 401
    assert people.known["onebot:5"] == ANNA
