"""Who is let in: the matrix of networks, proxies, names, tokens, scopes and the admin's secret."""

from __future__ import annotations

import asyncio
import base64

import pytest
from typing_extensions import override

from hubbub.api.auth import ADMIN_KEY, CHECKS_WAITING, Access
from hubbub.api.callers import SCOPES, Caller
from hubbub.api.errors import Refused
from hubbub.core.store import Token
from tests.fakes.doors import MemorySecrets

HOST = (b"host", b"127.0.0.1:8080")
LOOPBACK = "127.0.0.1"
OUTSIDE = "203.0.113.9"


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


def made(clock: Clock | None = None) -> Access:
    clock = clock or Clock()
    return Access(MemorySecrets(), clock, public_names=("hub.example",), monotonic=clock)


def bearer(secret: str) -> list[tuple[bytes, bytes]]:
    return [HOST, (b"authorization", b"Bearer " + secret.encode())]


def basic(user: str, password: str) -> list[tuple[bytes, bytes]]:
    return [HOST, (b"authorization", b"Basic " + base64.b64encode(f"{user}:{password}".encode()))]


async def refused(
    access: Access, client: str, headers: list[tuple[bytes, bytes]], scope: str = "messages"
) -> tuple[int, str]:
    with pytest.raises(Refused) as caught:
        await access.require(client, headers, scope)
    return caught.value.refusal.status, caught.value.refusal.code


@pytest.mark.parametrize("scope", ["messages", "status", "metrics"])
async def test_a_trusted_network_needs_no_token(scope: str) -> None:
    assert (await made().require(LOOPBACK, [HOST], scope)).id == "local"


async def test_a_trusted_network_is_no_admin() -> None:
    assert await refused(made(), LOOPBACK, [HOST], "admin") == (401, "credentials_required")


@pytest.mark.parametrize("client", [OUTSIDE, "", "::ffff:203.0.113.9"])
async def test_others_need_a_token(client: str) -> None:
    assert await refused(made(), client, [HOST]) == (401, "credentials_required")


@pytest.mark.parametrize("name", [b"forwarded", b"x-forwarded-for", b"x-real-ip", b"cf-connecting-ip", b"via"])
async def test_a_proxy_is_never_trusted(name: bytes) -> None:
    assert await refused(made(), LOOPBACK, [HOST, (name, b"127.0.0.1")]) == (401, "credentials_required")


@pytest.mark.parametrize("host", [b"evil.example", b"localhost.evil.example:8080", b""])
async def test_a_foreign_name_is_never_trusted(host: bytes) -> None:
    assert await refused(made(), LOOPBACK, [(b"host", host)]) == (403, "host_unknown")
    assert await refused(made(), LOOPBACK, []) == (403, "host_unknown")


@pytest.mark.parametrize("host", [b"localhost:8080", b"[::1]:8080", b"10.0.0.1", b"hub.example"])
async def test_known_names_are_trusted(host: bytes) -> None:
    assert (await made().require(LOOPBACK, [(b"host", host)], "messages")).id == "local"


async def test_a_token_opens_from_anywhere_through_proxies_and_by_any_name() -> None:
    access = made()
    token, secret = await access.issue("a phone", ["messages"])
    assert secret.startswith("hub_")
    headers = [*bearer(secret)[1:], (b"host", b"any.example"), (b"x-forwarded-for", b"1.2.3.4")]
    assert await access.require(OUTSIDE, headers, "messages") == Caller(token.id, frozenset(["messages"]))


@pytest.mark.parametrize("given", SCOPES)
@pytest.mark.parametrize("needed", ["messages", "status", "metrics", "admin"])
async def test_scopes(given: str, needed: str) -> None:
    access = made()
    _, secret = await access.issue("x", [given])
    implied = {"admin": {"admin", "status", "metrics"}, "*": {"messages", "status", "metrics", "admin"}}
    if needed in implied.get(given, {given}):
        assert await access.require(OUTSIDE, bearer(secret), needed)
    else:
        assert await refused(access, OUTSIDE, bearer(secret), needed) == (403, "scope_missing")


@pytest.mark.parametrize("wrong", ["hub_wrong", "", "ä", "hub_wrong and more"])
async def test_a_wrong_token_is_refused_even_from_a_trusted_network(wrong: str) -> None:
    access = made()
    await access.issue("x", ["*"])
    assert await refused(access, LOOPBACK, bearer(wrong)) == (401, "token_wrong")


async def test_other_kinds_of_credentials_are_refused() -> None:
    assert await refused(made(), LOOPBACK, [HOST, (b"authorization", b"Digest x")]) == (401, "credentials_unknown")


async def test_a_token_expires() -> None:
    clock = Clock()
    access = made(clock)
    _, secret = await access.issue("x", ["messages"], expires_at=1_010.0)
    assert await access.require(OUTSIDE, bearer(secret), "messages")
    clock.now = 1_010.0
    assert await refused(access, OUTSIDE, bearer(secret)) == (401, "token_expired")


async def test_a_token_is_worthless_at_once_when_it_is_revoked() -> None:
    access = made()
    token, secret = await access.issue("x", ["messages"])
    assert await access.require(OUTSIDE, bearer(secret), "messages")
    assert await access.revoke(token.id)
    assert await refused(access, OUTSIDE, bearer(secret)) == (401, "token_wrong")
    assert not await access.revoke(token.id)


async def test_a_token_that_is_revoked_while_it_is_looked_up_is_not_remembered() -> None:
    class Slow(MemorySecrets):
        @override
        async def token_find(self, digest: str) -> Token | None:
            found = self.by_digest.get(digest)
            await asyncio.sleep(0.01)
            return found

    access = Access(Slow())
    token, secret = await access.issue("x", ["messages"])
    asking = asyncio.create_task(access.require(OUTSIDE, bearer(secret), "messages"))
    await asyncio.sleep(0)
    await access.revoke(token.id)
    await asking
    assert await refused(access, OUTSIDE, bearer(secret)) == (401, "token_wrong")


async def test_tokens_are_remembered_for_a_moment_and_stored_as_hashes() -> None:
    clock, store = Clock(), MemorySecrets()
    access = Access(store, clock, monotonic=clock)
    _, secret = await access.issue("x", ["messages"])
    assert secret not in str(store)
    for _ in range(5):
        await access.require(OUTSIDE, bearer(secret), "messages")
    assert store.looked == 1
    clock.now += 3
    await access.require(OUTSIDE, bearer(secret), "messages")
    assert store.looked == 2


async def test_a_token_is_bound_to_its_owner() -> None:
    access = made()
    _, secret = await access.issue("x", ["messages"], owner="alice")
    assert (await access.require(OUTSIDE, bearer(secret), "messages")).owner == "alice"


@pytest.mark.parametrize(
    ("scopes", "owner"), [([], ""), (["root"], ""), (["admin"], "alice"), (["messages", "*"], "alice")]
)
async def test_impossible_tokens_are_not_made(scopes: list[str], owner: str) -> None:
    with pytest.raises(ValueError, match="scopes"):
        await made().issue("x", scopes, owner=owner)


async def test_many_wrong_tokens_are_slowed_down_but_a_right_one_still_opens(
    caplog: pytest.LogCaptureFixture,
) -> None:
    access = made()
    _, secret = await access.issue("x", ["messages"])
    codes = [await refused(access, OUTSIDE, bearer(f"hub_{number}")) for number in range(12)]
    assert codes[:10] == [(401, "token_wrong")] * 10
    assert codes[10:] == [(429, "too_many_failures")] * 2
    assert caplog.text.count(OUTSIDE) == 10
    assert "hub_3" not in caplog.text
    assert await access.require(OUTSIDE, bearer(secret), "messages")


async def test_the_secret_of_this_run_is_an_admins() -> None:
    access = made()
    assert await refused(access, LOOPBACK, bearer("hub_local"), "admin") == (401, "token_wrong")
    access.allow_local("hub_local")
    assert (await access.require(LOOPBACK, bearer("hub_local"), "admin")).id == "local"
    assert await refused(access, LOOPBACK, bearer("hub_loca"), "admin") == (401, "token_wrong")


async def test_the_first_secret_is_random_and_told_once() -> None:
    store = MemorySecrets()
    access = Access(store)
    secret = await access.ensure_admin()
    assert len(secret) >= 20
    assert store.values[ADMIN_KEY].startswith("$argon2id$")
    assert secret not in store.values[ADMIN_KEY]
    assert await access.ensure_admin() == ""
    assert await access.verify_admin(secret)
    assert not await access.verify_admin(secret + "x")
    assert not await access.verify_admin("")


async def test_a_configured_secret_replaces_the_stored_one_at_once() -> None:
    access = Access(MemorySecrets())
    first = await access.ensure_admin()
    assert await access.ensure_admin("configured secret") == ""
    assert await access.verify_admin("configured secret")
    assert not await access.verify_admin(first)
    assert await access.ensure_admin("configured secret") == ""


async def test_a_short_or_damaged_secret_opens_nothing() -> None:
    store = MemorySecrets()
    access = Access(store)
    with pytest.raises(ValueError, match="8 characters"):
        await access.set_admin("short")
    assert not await access.verify_admin("anything")
    store.values[ADMIN_KEY] = "damaged"
    assert not await access.verify_admin("anything")


async def test_the_admin_may_come_with_the_password() -> None:
    access = made()
    secret = await access.ensure_admin()
    assert (await access.require(OUTSIDE, basic("admin", secret), "admin")).id == "local"
    assert await refused(access, OUTSIDE, basic("root", secret), "admin") == (401, "password_wrong")
    assert await refused(access, OUTSIDE, basic("admin", "wrong"), "admin") == (401, "password_wrong")
    assert await refused(access, OUTSIDE, [HOST, (b"authorization", b"Basic %%%")], "admin") == (401, "password_wrong")


async def test_guessing_the_password_is_slowed_down_before_it_costs() -> None:
    access = made()
    secret = await access.ensure_admin()
    for _ in range(10):
        assert await refused(access, OUTSIDE, basic("root", "x"), "admin") == (401, "password_wrong")
    assert await refused(access, OUTSIDE, basic("admin", secret), "admin") == (429, "too_many_failures")
    assert await access.require("203.0.113.10", basic("admin", secret), "admin")


async def test_few_passwords_are_checked_at_once() -> None:
    access = made()
    secret = await access.ensure_admin()
    answers = await asyncio.gather(
        *(access.verify_admin(secret) for _ in range(CHECKS_WAITING + 2)), return_exceptions=True
    )
    assert answers.count(True) == CHECKS_WAITING
    assert [each.refusal.status for each in answers if isinstance(each, Refused)] == [503, 503]


async def test_a_new_admin_secret_is_shown_before_it_counts() -> None:
    store = MemorySecrets()
    access = Access(store)
    counted: list[bool] = []
    secret = await access.ensure_admin(show=lambda _: counted.append(ADMIN_KEY in store.values))
    assert counted == [False]
    assert await access.verify_admin(secret)
