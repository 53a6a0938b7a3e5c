"""Deliveries, status, models and tokens over a real socket, and who may use them."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

import pytest

from hubbub.core.addresses import Room
from hubbub.core.messages import Image, Media, Text
from hubbub.core.reports import Told
from hubbub.core.work import State
from tests.fakes.doors import Doors, MemoryHub, doors

ROOM = Room("loopback", "7", "group", "42")


async def call(at: Doors, method: str, path: str, body: object = None, headers: dict[str, str] | None = None) -> Any:
    async with at.client.request(method, f"{at.url}/api/v1{path}", json=body, headers=headers) as answer:
        return answer.status, await answer.json() if answer.content_length else None


def filled() -> MemoryHub:
    hub = MemoryHub()
    for state in (State.SENT, State.UNKNOWN, State.DEAD, State.QUEUED, State.SENDING, State.KEPT):
        hub.store.outbox.put(ROOM, (Text(f"it is {state}"), Image(Media(url="https://x.example"))), state, 5)
    return hub


async def test_deliveries_are_an_admins() -> None:
    async with doors(filled()) as at:
        for method, path in (
            ("GET", "/deliveries"),
            ("GET", "/deliveries/1"),
            ("POST", "/deliveries/2/retry"),
            ("POST", "/deliveries/2/drop"),
            ("GET", "/tokens"),
            ("POST", "/tokens"),
            ("DELETE", "/tokens/x"),
        ):
            status, body = await call(at, method, path, {} if method == "POST" else None)
            assert (status, body["error"]["code"]) == (401, "credentials_required"), path
            status, body = await call(at, method, path, headers=await at.token("messages", "status", "metrics"))
            assert (status, body["error"]["code"]) == (403, "scope_missing"), path
        assert at.hub.calls == []


async def test_deliveries_are_listed_by_state() -> None:
    async with doors(filled()) as at:
        admin = await at.admin()
        status, page = await call(at, "GET", "/deliveries", headers=admin)
        assert status == 200
        assert [each["state"] for each in page["deliveries"]] == ["unknown", "dead", "sending"]
        assert page["next"] is None
        first = page["deliveries"][0]
        assert {key: first[key] for key in ("id", "platform", "account", "room", "text", "entry", "attempts")} == {
            "id": 2,
            "platform": "loopback",
            "account": "7",
            "room": ROOM.key,
            "text": "it is unknown",
            "entry": 5,
            "attempts": 0,
        }
        assert "created_at" in first
        _, page = await call(at, "GET", "/deliveries?state=queued&state=kept", headers=admin)
        assert [each["id"] for each in page["deliveries"]] == [4, 6]


async def test_deliveries_are_paged() -> None:
    async with doors(filled()) as at:
        admin, seen, after = await at.admin(), [], 0
        while after is not None:
            path = f"/deliveries?state=unknown&state=dead&state=sent&limit=1&after={after}"
            _, page = await call(at, "GET", path, headers=admin)
            seen += [each["id"] for each in page["deliveries"]]
            after = page["next"]
        assert seen == [1, 2, 3]


async def test_one_delivery_is_shown() -> None:
    async with doors(filled()) as at:
        admin = await at.admin()
        _, shown = await call(at, "GET", "/deliveries/3", headers=admin)
        assert (shown["id"], shown["state"]) == (3, "dead")
        assert (shown["told"], shown["told_at"]) == (None, 0.0)
        at.hub.store.outbox.rows[1] = replace(at.hub.store.outbox.rows[1], told=Told.READ, told_at=12.5)
        _, read = await call(at, "GET", "/deliveries/1", headers=admin)
        assert (read["state"], read["told"], read["told_at"]) == ("sent", "read", 12.5)
        for missing in (99, 2**63 - 1):
            status, body = await call(at, "GET", f"/deliveries/{missing}", headers=admin)
            assert (status, body["error"]["code"]) == (404, "no_such_delivery")


async def test_deliveries_are_sent_again_or_dropped() -> None:
    async with doors(filled()) as at:
        admin = await at.admin()
        assert await call(at, "POST", "/deliveries/2/retry", headers=admin) == (200, {"id": 2, "state": "queued"})
        assert await call(at, "POST", "/deliveries/3/drop", headers=admin) == (200, {"id": 3, "state": "dropped"})
        assert at.hub.calls == [("resend", 2), ("cancel", 3)]
        for path in ("/deliveries/1/retry", "/deliveries/1/drop", "/deliveries/99/drop"):
            status, body = await call(at, "POST", path, headers=admin)
            assert (status, body["error"]["code"]) == (404, "no_such_delivery")


@pytest.mark.parametrize(
    "path",
    ["/deliveries?state=lost", "/deliveries?limit=0", "/deliveries?after=-1", "/deliveries/0", f"/deliveries/{2**63}"],
)
async def test_what_cannot_be_asked_names_the_field(path: str) -> None:
    async with doors() as at:
        status, body = await call(at, "GET", path, headers=await at.admin())
        assert (status, body["error"]["code"]) == (422, "invalid_request")
        assert any(name in body["error"]["message"] for name in ("state", "limit", "after", "delivery"))


async def test_status_and_models() -> None:
    async with doors() as at:
        assert await call(at, "GET", "/status") == (
            200,
            {
                "version": "0.1.0",
                "started_at": 1.5,
                "ready": True,
                "accounts": [{"platform": "http", "account": "local", "up": True, "since": 1.0, "detail": ""}],
                "model": "demo <model>",
                "model_reason": "no key is set",
                "waiting": 1,
                "running": 2,
                "undelivered": 3,
                "trouble": "",
            },
        )
        _, models = await call(at, "GET", "/models")
        assert [(each["name"], each["note"]) for each in models["models"]] == [("demo", "English only")]
        for header, expected in ((await at.token("messages"), 403), (await at.admin(), 200)):
            assert (await call(at, "GET", "/status", headers=header))[0] == expected


async def test_tokens_are_made_used_listed_and_dropped() -> None:
    async with doors(trusted=()) as at:
        admin = await at.admin()
        wish = {"name": "phone", "scopes": ["messages"], "owner": "alice", "expires_at": 9e9}
        status, made = await call(at, "POST", "/tokens", wish, admin)
        assert status == 201
        secret, token = made["secret"], made["token"]
        assert token["name"] == "phone"
        bearer = {"Authorization": f"Bearer {secret}"}
        _, answer = await call(at, "POST", "/messages", {"text": "hi"}, bearer)
        assert answer["replies"][0]["text"] == "echo: hi"
        _, listed = await call(at, "GET", "/tokens", headers=admin)
        assert token in listed["tokens"]
        assert secret not in str(listed)
        assert (await call(at, "DELETE", f"/tokens/{token['id']}", headers=admin))[0] == 204
        assert (await call(at, "POST", "/messages", {"text": "hi"}, bearer))[0] == 401
        assert (await call(at, "DELETE", f"/tokens/{token['id']}", headers=admin))[0] == 404


async def test_impossible_tokens_are_refused_with_the_reason() -> None:
    async with doors() as at:
        admin = await at.admin()
        for wish, says in (
            ({"name": "x", "scopes": ["root"]}, "scopes"),
            ({"name": "x", "scopes": []}, "scopes"),
            ({"name": "x", "scopes": ["admin"], "owner": "alice"}, "bound to an owner"),
            ({"scopes": ["messages"]}, "name"),
        ):
            status, body = await call(at, "POST", "/tokens", wish, admin)
            assert status == 422
            assert says in body["error"]["message"]


async def test_a_hub_whose_secret_is_known_is_administered_with_the_password() -> None:
    async with doors(trusted=()) as at:
        secret = await at.access.ensure_admin()
        header = {"Authorization": "Basic " + base64.b64encode(f"admin:{secret}".encode()).decode()}
        assert (await call(at, "GET", "/tokens", headers=header))[0] == 200
