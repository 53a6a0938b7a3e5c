"""The record of what admins did, over the API: for admins only, the newest first."""

from __future__ import annotations

from hubbub.commands.audit import recorded
from tests.fakes.doors import MemoryHub, doors


async def test_acts_are_listed_to_admins() -> None:
    hub = MemoryHub()
    hub.store.conversations.apply(recorded("fake:boss", "block", "fake:troll", 5.0, "fake/me/private/boss"))
    hub.store.conversations.apply(recorded("operator", "role", "person=fake:ann", 6.0))
    async with doors(hub) as at:
        url = f"{at.url}/api/v1/audit"
        async with at.client.get(url, headers=await at.admin()) as answer:
            assert answer.status == 200
            found = (await answer.json())["acts"]
        assert [act["act"] for act in found] == ["role", "block"]
        assert found[1] == {
            "by": "fake:boss",
            "act": "block",
            "detail": "fake:troll",
            "room": "fake/me/private/boss",
            "at": 5.0,
        }
        async with at.client.get(f"{url}?limit=1", headers=await at.admin()) as answer:
            assert len((await answer.json())["acts"]) == 1
        async with at.client.get(url, headers=await at.token("messages")) as answer:
            assert answer.status == 403
