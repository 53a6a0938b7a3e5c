"""What platforms keep in the hub: apart from its own, and sealed where it opens doors."""

from __future__ import annotations

from hubbub.app.belongings import PlatformFacts
from tests.fakes.doors import MemorySecrets


async def test_facts_of_platforms_are_not_the_hubs_own() -> None:
    secrets = MemorySecrets()
    facts = PlatformFacts(secrets)
    await secrets.put("admin", "hash")
    assert await facts.get("admin") is None
    await facts.put("admin", "x")
    assert await facts.change("admin", "x", "y")
    assert await secrets.get("admin") == "hash"
    assert await facts.get("admin") == "y"


async def test_what_is_sealed_is_read_by_who_has_the_secret_alone() -> None:
    secrets = MemorySecrets()
    facts = PlatformFacts(secrets)
    sealed = facts.sealed("application-secret")
    assert await sealed.get("token") is None
    await sealed.put("token", "opens doors 🔑")
    assert "opens" not in str(secrets.values)
    assert await facts.sealed("application-secret").get("token") == "opens doors 🔑"
    assert await facts.sealed("another").get("token") is None
    await facts.put("elsewhere", await facts.get("token") or "")
    assert await sealed.get("elsewhere") is None  # bound to its name
    await facts.put("token", "never sealed")
    assert await sealed.get("token") is None


async def test_what_is_sealed_is_changed_as_it_was_seen() -> None:
    sealed = PlatformFacts(MemorySecrets()).sealed("secret")
    assert not await sealed.change("token", "seen", "new")
    assert await sealed.change("token", None, "one")
    assert not await sealed.change("token", None, "two")
    assert await sealed.change("token", "one", "two")
    assert await sealed.get("token") == "two"
