import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from hubbub.providers.embedded.catalogue import pullable
from hubbub.providers.embedded.failures import EmbeddedError
from hubbub.providers.embedded.hub import Hub
from tests.fakes.weights_hub import FakeHub

CONTENT = bytes(range(256)) * 20_000
WANTED = pullable("qwen2.5-0.5b")


def names(folder: Path) -> list[str]:
    return [entry.name for entry in folder.iterdir()]


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.mark.parametrize("direct", [False, True], ids=["redirected", "mirror"])
async def test_a_model_is_pulled_and_checked(session: aiohttp.ClientSession, tmp_path: Path, direct: bool) -> None:
    told: list[str] = []
    async with FakeHub(CONTENT, direct=direct) as fake:
        path = await Hub(session, fake.url).pull(WANTED, tmp_path / "models", told.append)
        assert path.name == WANTED.file
        assert path.read_bytes() == CONTENT
        assert names(path.parent) == [WANTED.file]
        assert "of 5 MB" in told[0]
        await Hub(session, fake.url).pull(WANTED, tmp_path / "models", told.append)
    assert told[-1].endswith("already")


async def test_a_broken_connection_is_gone_on_with(session: aiohttp.ClientSession, tmp_path: Path) -> None:
    told: list[str] = []
    async with FakeHub(CONTENT, breaks=[2_000_000, 1_500_000]) as fake:
        path = await Hub(session, fake.url, pause=0).pull(WANTED, tmp_path, told.append)
    assert path.read_bytes() == CONTENT
    later = [int(wanted.removeprefix("bytes=").rstrip("-")) for wanted in fake.asked if wanted]
    assert len(later) == 2
    assert 0 < later[0] < later[1]
    assert any("going on" in line for line in told)


async def test_a_later_command_goes_on_where_the_first_stopped(session: aiohttp.ClientSession, tmp_path: Path) -> None:
    async with FakeHub(CONTENT, breaks=[2_000_000, *[0] * 4]) as fake:
        with pytest.raises(EmbeddedError, match="goes on where it stopped"):
            await Hub(session, fake.url, pause=0).pull(WANTED, tmp_path)
        fake.breaks.clear()
        fake.asked.clear()
        path = await Hub(session, fake.url).pull(WANTED, tmp_path)
    assert path.read_bytes() == CONTENT
    assert fake.asked[-1] not in ("", "bytes=0-")


async def test_a_server_that_cannot_go_on_in_the_middle_starts_again(
    session: aiohttp.ClientSession, tmp_path: Path
) -> None:
    async with FakeHub(CONTENT, breaks=[2_000_000], ranges=False) as fake:
        path = await Hub(session, fake.url, pause=0).pull(WANTED, tmp_path)
    assert path.read_bytes() == CONTENT


async def test_another_file_than_the_hub_describes_is_deleted(session: aiohttp.ClientSession, tmp_path: Path) -> None:
    async with FakeHub(CONTENT, sha256="a" * 64) as fake:
        with pytest.raises(EmbeddedError, match="checksum"):
            await Hub(session, fake.url).pull(WANTED, tmp_path)
    assert names(tmp_path) == []


async def test_a_file_without_a_checksum_is_not_taken(session: aiohttp.ClientSession, tmp_path: Path) -> None:
    async with FakeHub(CONTENT, sha256="") as fake:
        with pytest.raises(EmbeddedError, match="tells no checksum"):
            await Hub(session, fake.url).pull(WANTED, tmp_path)


async def test_a_file_that_is_not_there(session: aiohttp.ClientSession, tmp_path: Path) -> None:
    async with FakeHub(CONTENT) as fake:
        with pytest.raises(EmbeddedError, match="404; is the name right"):
            await Hub(session, fake.url).pull(pullable("a/b/missing.gguf"), tmp_path)


async def test_a_hub_that_is_not_there(session: aiohttp.ClientSession, tmp_path: Path) -> None:
    with pytest.raises(EmbeddedError, match="HF_ENDPOINT"):
        await Hub(session, "http://127.0.0.1:1").pull(WANTED, tmp_path)


@pytest.mark.parametrize(("location", "told"), [("ftp://x/y", "not followed"), ("", "not followed")])
async def test_redirects_are_followed_with_care(
    session: aiohttp.ClientSession, tmp_path: Path, location: str, told: str
) -> None:
    async with FakeHub(CONTENT, location=location) as fake:
        with pytest.raises(EmbeddedError, match=told):
            await Hub(session, fake.url).pull(WANTED, tmp_path)


async def test_redirects_end(session: aiohttp.ClientSession, tmp_path: Path) -> None:
    async with FakeHub(CONTENT, location=f"/{WANTED.repository}/resolve/main/{WANTED.file}") as fake:
        with pytest.raises(EmbeddedError, match="too often"):
            await Hub(session, fake.url).pull(WANTED, tmp_path)


async def test_a_disk_without_room_is_said_before_the_fetch(
    session: aiohttp.ClientSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: real._replace(free=1_000_000))
    async with FakeHub(CONTENT) as fake:
        with pytest.raises(EmbeddedError, match="are free"):
            await Hub(session, fake.url).pull(WANTED, tmp_path)
    assert names(tmp_path) == []
