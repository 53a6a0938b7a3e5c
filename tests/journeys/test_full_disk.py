"""A data folder that cannot be written, from the start or from some moment on: what is not kept is not confirmed."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.crash.program import Program
from tests.fakes.model import FakeModel
from tests.fakes.onebot_peer import Conduct, OneBotPeer
from tests.journeys.inside import Talker, until

MEGABYTES = 3


class Disk:
    """A small file system of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ballast = folder / "ballast"

    def fill(self) -> None:
        """Leave no room."""
        with self.ballast.open("ab", buffering=0) as file:
            try:
                while True:
                    file.write(b"x" * 4096)
            except OSError:
                return

    def free(self) -> None:
        self.ballast.unlink()

    def lock(self) -> None:
        """Let nobody write."""
        subprocess.run(["mount", "-o", "remount,ro", str(self.folder)], check=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root can make a small file system")
    yield Disk(folder)
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture
def hub(tmp_path: Path, disk: Disk) -> Iterator[Program]:
    environ = {"HUBBUB_DATA_DIR": str(disk.folder / "data"), "HUBBUB_MODEL": "fake", "OPENAI_API_KEY": "sk-journey"}
    program = Program(tmp_path, environ)
    yield program
    program.clear()


async def ask(hub: Program, key: str, text: str, seconds: float = 20) -> tuple[int, Any]:
    body, headers = {"owner": key, "text": text}, {"Idempotency-Key": key}
    timeout = aiohttp.ClientTimeout(total=seconds)
    async with (
        aiohttp.ClientSession(timeout=timeout) as http,
        http.post(f"{hub.url}/api/v1/messages", json=body, headers=headers) as response,
    ):
        return response.status, await response.json()


async def ended(hub: Program) -> int:
    assert hub.process is not None
    return await asyncio.wait_for(asyncio.to_thread(hub.process.wait), 20)


async def test_a_folder_that_cannot_be_written_ends_the_start(disk: Disk, hub: Program) -> None:
    disk.lock()
    hub.start()
    assert await ended(hub) == 4
    assert "HUBBUB_DATA_DIR" in hub.log
    assert "Traceback" not in hub.log


async def test_a_full_disk_ends_the_start_and_says_so(disk: Disk, hub: Program) -> None:
    disk.fill()
    hub.start()
    assert await ended(hub) == 4
    assert "space" in hub.log
    assert "Traceback" not in hub.log


async def test_what_finds_no_room_is_refused_and_accepted_when_there_is_room(disk: Disk, hub: Program) -> None:
    """503 until there is room; the same keys are taken then, and what was taken before is still there."""
    long = "/echo " + "long " * 2000
    hub.start()
    await hub.listening()
    people = Talker(await OneBotPeer(Conduct()).connect(hub.onebot))
    assert (await ask(hub, "k0", "/echo before"))[0] == 200
    disk.fill()
    taken, refused = [], ""
    for number in range(1, 2000):
        status, answer = await ask(hub, f"k{number}", long)
        if status != 200:
            assert (status, bool(answer["error"]["message"])) == (503, True), answer
            refused = f"k{number}"
            break
        taken.append(f"k{number}")
    assert refused
    people.say(long)
    await until(lambda: "an event is lost" in hub.log)
    assert "full" in hub.log
    disk.free()
    status, answer = await ask(hub, refused, long)
    assert (status, answer["duplicate"]) == (200, False)
    for key in taken:
        status, answer = await ask(hub, key, long)
        assert (status, answer["duplicate"]) == (200, True)
    people.say("/echo after")
    assert await people.until_seen(1) == ["after"]
    people.peer.close()
    assert await hub.end() == 0


async def test_an_answer_that_finds_no_room_is_kept_for_later(disk: Disk, hub: Program) -> None:
    """The disk fills up while the model answers: the question was accepted, so its answer comes when there is room."""
    async with FakeModel(check=False, first_ms=500, reply="long " * 20_000) as model:
        hub.environ["OPENAI_BASE_URL"] = model.url
        hub.start()
        await hub.listening()
        people = Talker(await OneBotPeer(Conduct()).connect(hub.onebot))
        people.say("hello")
        await until(lambda: model.in_flight)
        disk.fill()
        await until(lambda: "waits for the store" in hub.log)
        assert not people.seen
        disk.free()
        await people.until_seen(1)
        assert model.count == 1
        people.peer.close()
        assert await hub.end() == 0
