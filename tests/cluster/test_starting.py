"""A hub that starts while its database is away waits for it and says so, and ends in one sentence at last."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

import pytest

from tests.crash.program import free_port
from tests.journeys.running import running
from tests.peers.postgres import Server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECONDS = 40.0
AWAY = {"status": "not ready", "reason": "the database cannot be reached"}


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    server = Server()
    try:
        server.start()
        yield server
    finally:
        server.stop()


def asked(url: str) -> tuple[int, object]:
    """The status and the JSON of a GET; 0 while nobody listens."""
    try:
        with urllib.request.urlopen(url, timeout=60) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)
    except OSError:
        return 0, None


def until(url: str, status: int) -> object:
    """What it answers once it answers with this status."""
    end = time.monotonic() + SECONDS
    while (found := asked(url))[0] != status:
        assert time.monotonic() < end, found
        time.sleep(0.02)
    return found[1]


def test_it_waits_and_says_so(tmp_path: Path, server: Server) -> None:
    server.kill()
    port = free_port()
    with running(tmp_path, "--port", str(port), DATABASE_URL=server.dsn) as hub:
        url = f"http://127.0.0.1:{port}"
        assert until(f"{url}/readyz", 503) == AWAY
        assert asked(f"{url}/healthz") == (200, {"status": "ok"})
        status, refusal = asked(f"{url}/v1/models")
        assert (status, refusal["error"]["code"]) == (503, "starting")  # type: ignore[index]
        server.serve()
        assert until(f"{url}/readyz", 200) == {"status": "ready"}
        assert asked(f"{url}/v1/models")[0] == 200
        assert hub.stop() == 0
        assert "cannot be used" in "\n".join(hub.lines)
        assert not any("Traceback" in line for line in hub.lines), hub.lines


def test_nobody_waits_for_ever(tmp_path: Path) -> None:
    nowhere = f"postgresql://hubbub:secret@127.0.0.1:{free_port()}/hubbub"
    with running(tmp_path, DATABASE_URL=nowhere, HUBBUB_STORE__WAIT_SECONDS="0.5") as hub:
        assert hub.wait() == 4
        assert hub.lines[-1].startswith("hubbub: the database postgresql://hubbub:***@127.0.0.1")
        assert hub.lines[-1].endswith("check DATABASE_URL, and that the server runs and lets this user in")
        assert not any("Traceback" in line or "secret" in line for line in hub.lines), hub.lines


def test_it_can_be_stopped_while_it_waits(tmp_path: Path) -> None:
    nowhere = f"postgresql://hubbub@127.0.0.1:{free_port()}/hubbub"
    with running(tmp_path, DATABASE_URL=nowhere) as hub:
        hub.printed("(store.wait_seconds)")
        assert hub.stop() == 0


def test_a_database_that_is_not_there_is_not_waited_for(tmp_path: Path, server: Server) -> None:
    with running(tmp_path, DATABASE_URL=server.dsn.replace("/postgres", "/nothing")) as hub:
        assert hub.wait() == 4
        assert '"nothing" does not exist' in hub.lines[-1]
        assert "store.wait_seconds" not in "\n".join(hub.lines)
