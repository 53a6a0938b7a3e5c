"""Content of files: there until it expires, within the room for all of them, gone with its owner."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hubbub.core.errors import Unstorable
from hubbub.core.messages import Blob
from tests.contract.store_harness import runs

if TYPE_CHECKING:
    from tests.contract.store_harness import StoreHarness

NOW = 1_800_000_000.0
PICTURE = Blob(bytes(range(256)) * 8, "image/png", "图.png")


class FileSuite:
    """A part of `StoreSuite`."""

    async def test_content_is_there_until_it_expires(self, harness: StoreHarness) -> None:
        await harness.store.files.put("a", PICTURE, NOW + 60, "me")
        async for store in runs(harness, "killed"):
            assert await store.files.get("a", NOW) == PICTURE
            assert await store.files.get("a", NOW + 60) is None
            assert await store.files.get("b", NOW) is None

    async def test_what_has_expired_is_swept(self, harness: StoreHarness) -> None:
        files = harness.store.files
        for number in range(5):
            await files.put(f"{number}", PICTURE, NOW + number)
        assert await files.sweep(NOW + 3, 2) == 2
        assert await files.sweep(NOW + 3, 100) == 2
        assert await files.sweep(NOW + 3, 100) == 0
        assert await files.size() == len(PICTURE.data)
        assert await files.get("4", NOW) == PICTURE

    async def test_what_expires_first_makes_room(self, harness: StoreHarness) -> None:
        files = harness.store.files
        for number in (3, 1, 2):
            await files.put(f"{number}", Blob(b"x" * 1000), NOW + number, most=3000)
        await files.put("4", Blob(b"y" * 1500), NOW + 0.5, most=3000)
        there = [number for number in ("1", "2", "3", "4") if await files.get(number, NOW) is not None]
        assert there == ["3", "4"]
        await files.put("5", Blob(b"y" * 5000), NOW + 9, most=3000)
        assert await files.size() == 5000

    async def test_an_owners_files_are_forgotten(self, harness: StoreHarness) -> None:
        for file_id, owner in (("a", "me"), ("b", "you"), ("c", "")):
            await harness.store.files.put(file_id, PICTURE, NOW + 60, owner)
        await harness.store.forget("me")
        assert await harness.store.files.get("a", NOW) is None
        assert await harness.store.files.get("b", NOW) == PICTURE
        assert await harness.store.files.get("c", NOW) == PICTURE

    async def test_half_a_character_is_no_name(self, harness: StoreHarness) -> None:
        with pytest.raises(Unstorable):
            await harness.store.files.put("a", Blob(b"", "image/png", "\ud800"), NOW + 60)
