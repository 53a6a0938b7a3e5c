"""A worker writes an answer, a gateway shows how it grows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hubbub.bridge.growing import SIGN
from tests.cluster.hubs import Hubs, hubs

pytestmark = pytest.mark.timeout(300)

STREAMS = {
    "HUBBUB_PLATFORMS__LOOPBACK__STREAMS": "true",
    "HUBBUB_PLATFORMS__LOOPBACK__DELIVERY": "editable",
    "HUBBUB_PLATFORMS__LOOPBACK__EDIT_EVERY": "0.05",
    "HUBBUB_CHAT__STREAM_AFTER": "0.1",
}
STORY = " ".join(f"word{number}" for number in range(24))


def lines(cluster: Hubs, *kinds: str) -> list[dict[str, Any]]:
    path = cluster.folder / "sent"
    found = [json.loads(line) for line in path.read_bytes().splitlines()] if path.exists() else []
    return [line for line in found if line["do"] in kinds]


def words(line: dict[str, Any]) -> str:
    return "".join(part.get("text", "") for part in line["message"])


def screen(cluster: Hubs) -> list[str]:
    """What people see."""
    return list({line["id"]: words(line) for line in lines(cluster, "send", "edit")}.values())


async def test_an_answer_grows_while_a_worker_writes_it_and_after_a_process_died(tmp_path: Path, dsn: str) -> None:
    async with hubs(tmp_path, dsn, STREAMS, first_ms=20, gap_ms=150) as cluster:
        await cluster.start("gateway", "worker")
        cluster.say(STORY)
        await cluster.until(lambda: screen(cluster) == [f"LLM-OK {STORY}"])
        grown = [words(line) for line in lines(cluster, "send", "edit")]
        assert len(grown) > 3, (grown, cluster.logs())
        assert all(text.endswith(SIGN) for text in grown[:-1])
        assert [len(text) for text in grown] == sorted(len(text) for text in grown)
        await _gone_on_with(cluster)
        await _shown_by_another(cluster)


async def _gone_on_with(cluster: Hubs) -> None:
    """Another worker takes the answer up; its draft is the first one's."""
    cluster.model.behave(gap_ms=600)
    cluster.say(f"again {STORY}")
    await cluster.until(lambda: len(screen(cluster)) > 1)
    cluster.model.behave(gap_ms=30)
    await cluster.start("worker")
    cluster.kill("worker1")
    await cluster.until(lambda: screen(cluster)[1:] == [f"LLM-OK again {STORY}"])


async def _shown_by_another(cluster: Hubs) -> None:
    """Another gateway takes the account over, and the draft with it."""
    cluster.model.behave(gap_ms=250)
    await cluster.start("gateway")
    before = len(lines(cluster, "edit"))
    cluster.say(f"more {STORY}")
    # It grew twice, so it is surely stored by now that the draft is there.
    await cluster.until(lambda: len(lines(cluster, "edit")) > before + 1)
    cluster.kill("gateway1")
    killed = len(lines(cluster, "edit"))
    await cluster.until(lambda: screen(cluster)[2:] == [f"LLM-OK more {STORY}"])
    grown = [words(line) for line in lines(cluster, "edit")[killed:]]
    assert len(grown) > 2, (grown, cluster.logs())
    assert all(text.endswith(SIGN) for text in grown[:-1])
