"""Conversations that fell silent are ended once, and none that goes on."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from hubbub.app.sessions import Sessions, Silence
from hubbub.core.customs import Customs
from tests.unit.commands.hub import ENGLISH, Setting, world

HALF_AN_HOUR = {"fake": Customs(session_minutes=30)}


async def test_silence_ends_a_conversation(tmp_path: Path) -> None:
    async with world(tmp_path, Setting(chat=replace(ENGLISH, customs=HALF_AN_HOUR))) as hub:
        sessions = Sessions(Silence(hub.store, lambda: HALF_AN_HOUR, hub.road.lane_of, hub.clock))
        ann, elsewhere = hub.person("ann"), hub.person("bob", platform="other")

        async def length(owner: str) -> int:
            return len((await hub.store.conversations.branch(owner, "context")).nodes)

        await ann.reads("hello")
        await elsewhere.reads("hello")
        assert await sessions.sweep() == 0
        assert await length(ann.owner) == 2
        hub.later = 31 * 60
        assert await sessions.sweep() == 1
        async with asyncio.timeout(30):
            while await length(ann.owner):
                await asyncio.sleep(0.01)
        assert await length(elsewhere.owner) == 2
        await sessions.sweep()
        assert len(await hub.store.conversations.branches(ann.owner, "context")) == 1  # put aside, once


async def test_who_goes_on_keeps_the_conversation(tmp_path: Path) -> None:
    async with world(tmp_path, Setting(chat=replace(ENGLISH, customs=HALF_AN_HOUR))) as hub:
        sessions = Sessions(Silence(hub.store, lambda: HALF_AN_HOUR, hub.road.lane_of, hub.clock))
        ann = hub.person("ann")
        await ann.reads("hello")
        hub.later = 29 * 60
        assert await sessions.sweep() == 0
        assert len((await hub.store.conversations.branch(ann.owner, "context")).nodes) == 2
        hub.later = 31 * 60
        await ann.reads("and now?")  # afresh, without a sweep
        assert len((await hub.store.conversations.branch(ann.owner, "context")).nodes) == 2
