"""Who may ask what: networks, tokens of users and of nobody, links that stand for a token, the admin's key."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

import pytest
from typing_extensions import override

from hubbub.api.admission import Admission
from hubbub.api.repeater.admin import AdminKey
from hubbub.api.repeater.links import Links
from hubbub.commands.access.gate import Gate
from hubbub.commands.access.rules import AccessRules
from hubbub.conversations.limits import NO_LIMITS
from hubbub.core.errors import ConfigError, StoreError
from tests.fakes.doors import MemorySecrets
from tests.unit.api.repeater.door import KEY, MODEL, USER, Door, door

FAR = "203.0.113.7"
CONTEXT = "/userdata/context/get"
RELOAD, REGENERATE = "/admin/reload/apiinfo", "/admin/regenerate/admin_key"


async def statuses(at: Door, headers: dict[str, str] | None = None) -> list[int]:
    """Of one's own context, another's, the list of users, and another's words in a chat."""
    found = [
        await at.ask("GET", f"{CONTEXT}/u1", headers=headers),
        await at.ask("GET", f"{CONTEXT}/u2", headers=headers),
        await at.ask("GET", "/userdata/context/userlist", headers=headers),
        await at.ask(
            "POST", "/chat/completion/u1", data={"message": "x", "reference_context_id": "u2"}, headers=headers
        ),
    ]
    for status, answer in found:
        assert status == 200 or list(answer) == ["detail"]
    return [status for status, _ in found]


async def test_a_trusted_network_needs_no_token_unless_it_comes_through_a_proxy() -> None:
    async with door() as at:
        assert await statuses(at) == [200] * 4
        for name in ("X-Forwarded-For", "Forwarded", "X-Real-IP"):
            assert await statuses(at, {name: "127.0.0.1"}) == [401] * 4
        assert await statuses(at, {"Host": "evil.example"}) == [403] * 4


async def test_elsewhere_a_token_says_whose_data_are_reached() -> None:
    async with door(client=FAR) as at:
        assert await statuses(at) == [401] * 4
        assert await statuses(at, {"Authorization": "Bearer hub_wrong"}) == [401] * 4
        own = [200, 403, 403, 403]
        assert await statuses(at, await at.token("messages", owner="u1")) == own
        assert await statuses(at, await at.token("repeater", owner="u1")) == own
        assert await statuses(at, await at.token("openai", owner="u1")) == [403] * 4
        assert await statuses(at, await at.token("messages")) == [403] * 4
        for scope in ("repeater", "admin", "*"):
            assert await statuses(at, await at.token(scope)) == [200] * 4, scope


async def test_a_users_token_knows_both_spellings_of_the_user() -> None:
    async with door(client=FAR) as at:
        token = await at.token("messages", owner="Group:1:2")
        assert (await at.ask("GET", f"{CONTEXT}/Group:1:2", headers=token))[0] == 200
        assert (await at.ask("GET", f"{CONTEXT}/Group_1_2", headers=token))[0] == 200
        assert (await at.ask("GET", f"{CONTEXT}/Group_1_3", headers=token))[0] == 403


async def test_the_hub_itself_is_no_user() -> None:
    async with door() as at:
        at.say("hub:access", {"role": "user", "content": "secret"})
        for path in (f"{CONTEXT}/hub:access", "/userdata/file/hub:access.zip"):
            assert (await at.ask("GET", path))[0] == 403


async def test_a_link_to_a_users_file_needs_no_token_until_it_ends() -> None:
    async with door(client=FAR) as at:
        at.say("u1", USER, MODEL)
        path = "/userdata/file/u1.zip"
        assert (await at.ask("GET", path))[0] == 401
        status, made = await at.ask("POST", path, headers=await at.token("messages", owner="u1"))
        assert status == 200
        link = urlsplit(made["url"])
        assert (await at.client.get(made["url"])).content.startswith(b"PK")
        assert (await at.ask("GET", f"/userdata/file/u2.zip?{link.query}"))[0] == 401
        assert (await at.ask("GET", f"{CONTEXT}/u1?{link.query}"))[0] == 401
        for query in (
            link.query.replace("expires=1", "expires=2"),
            link.query[:-1],
            "expires=1&signature=0",
            "signature=%F0",
        ):
            assert (await at.ask("GET", f"{path}?{query}"))[0] == 401, query


async def test_an_old_link_is_worth_nothing() -> None:
    async with door(client=FAR) as at:
        past = Links(at.hub.store.secrets, lambda: 1000.0)
        assert (await at.ask("GET", f"/userdata/file/u1.zip?{await past.query('/userdata/file/u1.zip', 60)}"))[0] == 401
        other = Links(MemorySecrets(), lambda: 4e9)
        assert (await at.ask("GET", f"/userdata/file/u1.zip?{await other.query('/userdata/file/u1.zip', 60)}"))[
            0
        ] == 401


async def test_two_processes_that_make_the_key_at_once_make_one() -> None:
    class Slow(MemorySecrets):
        """Each answer comes later than the one before."""

        asked = 0

        @override
        async def get(self, key: str) -> str | None:
            found = await super().get(key)
            self.asked += 1
            for _ in range(10 * self.asked):
                await asyncio.sleep(0)
            return found

    store = Slow()
    signed = await asyncio.gather(*(Links(store, lambda: 1000.0).query("/x", 60) for _ in range(3)))
    assert {*signed} == {await Links(store, lambda: 1000.0).query("/x", 60)}


async def test_a_key_that_is_not_stored_signs_nothing() -> None:
    class Full(MemorySecrets):
        """Takes nothing, and says no word about it."""

        @override
        async def put(self, key: str, value: str) -> None:
            pass

        @override
        async def change(self, key: str, seen: str | None, value: str) -> bool:
            return False

    links = Links(Full(), lambda: 1000.0)
    with pytest.raises(StoreError):
        await links.query("/x", 60)


async def test_pictures_are_linked_for_whoever_needed_a_token() -> None:
    async with door(client=FAR) as at:
        token = await at.token("messages", owner="u1")
        _, made = await at.ask("POST", "/render/u1", data={"text": "hi"}, headers=token)
        assert (await at.client.get(made["image_url"])).status_code == 200
        plain = f"/file/render/{made['file_uuid']}.png"
        assert (await at.ask("GET", plain))[0] == 401
        assert (await at.client.get(plain, headers=token)).status_code == 200


async def test_a_blocked_owner_is_not_served() -> None:
    async with door() as at:
        rules = AccessRules(blocked=frozenset(("onebot:7",)))
        gate = Gate(at.hub.store.conversations, rules, NO_LIMITS, lambda: 0.0)
        at.app.state.admission = Admission(gate)
        assert (await at.ask("GET", f"{CONTEXT}/onebot:private:7"))[0] == 403
        assert (await at.ask("GET", f"{CONTEXT}/onebot:private:8"))[0] == 200


# --- the admin's key


async def test_the_admins_key_is_asked_for() -> None:
    async with door() as at:
        for path in (RELOAD, REGENERATE):
            status, answer = await at.ask("POST", path)
            fault = {"type": "missing", "loc": ["header", "X-Admin-API-Key"], "msg": "Field required", "input": None}
            assert (status, answer) == (422, {"detail": [fault]})
            wrong = await at.ask("POST", path, headers={"X-Admin-API-Key": "bad"})
            assert wrong == (401, {"detail": "Invalid API key"})
        assert await at.ask("POST", RELOAD, headers={"X-Admin-API-Key": KEY}) == (200, {"detail": "Apiinfo reloaded"})
        assert at.asked.reloaded == 1


async def test_the_key_is_enough_from_anywhere_and_guessing_is_slow() -> None:
    async with door(client=FAR) as at:
        assert (await at.ask("POST", RELOAD, headers={"X-Admin-API-Key": KEY}))[0] == 200
        tried = [(await at.ask("POST", RELOAD, headers={"X-Admin-API-Key": "bad"}))[0] for _ in range(12)]
        assert tried == [401] * 10 + [429] * 2


async def test_a_new_key_takes_effect_at_once_and_stays() -> None:
    async with door() as at:
        status, made = await at.ask("POST", REGENERATE, headers={"X-Admin-API-Key": KEY})
        assert (status, list(made), made["message"]) == (200, ["message", "admin_key"], "Admin key regenerated")
        assert (await at.ask("POST", RELOAD, headers={"X-Admin-API-Key": KEY}))[0] == 401
        assert (await at.ask("POST", RELOAD, headers={"X-Admin-API-Key": made["admin_key"]}))[0] == 200
        later = AdminKey(at.hub.store.secrets, KEY)
        assert await later.right(made["admin_key"])
        assert not await later.right(KEY)
        changed = AdminKey(at.hub.store.secrets, "a-new-one-of-the-settings")
        assert await changed.right("a-new-one-of-the-settings")
        assert not await changed.right(made["admin_key"])


async def test_without_a_key_of_its_own_the_hubs_admin_secret_opens() -> None:
    async with door(admin_api_key="") as at:
        await at.access.set_admin("the admin's secret")
        assert (await at.ask("POST", RELOAD, headers={"X-Admin-API-Key": ""}))[0] == 401
        assert (await at.ask("POST", RELOAD, headers={"X-Admin-API-Key": "the admin's secret"}))[0] == 200


async def test_models_that_cannot_be_read_are_told() -> None:
    async with door() as at:
        at.asked.broken = ConfigError("apiconfig.json: no list")
        answer = await at.ask("POST", RELOAD, headers={"X-Admin-API-Key": KEY})
        assert answer == (400, {"detail": "apiconfig.json: no list"})


@pytest.mark.parametrize("path", ["/readme.md", "/favicon.ico"])
async def test_some_files_are_for_everybody(path: str) -> None:
    async with door(client=FAR) as at:
        assert (await at.client.get(path)).status_code == 200
