"""A hub lives for a day on a clock that runs fast: nothing is lost, nothing grows."""

from __future__ import annotations

import asyncio
import json
import logging
import statistics
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.crash.lives import ROOT, environment
from tests.crash.months import PER_SECOND

if TYPE_CHECKING:
    from pathlib import Path

    from tests.peers.postgres import Databases

pytestmark = pytest.mark.crash

log = logging.getLogger(__name__)

MEGABYTES_AN_HOUR = 1.0
_SETTLED = 1.0
"""Hours after which caches are full."""


@pytest.mark.timeout(3600)
@pytest.mark.parametrize(
    ("hours", "pace"), [(0.25, 100.0), pytest.param(24.0, 100.0, marks=pytest.mark.slow)], ids=["quick", "a day"]
)
async def test_it_runs_on_as_it_began(tmp_path: Path, hours: float, pace: float) -> None:
    await lived(tmp_path, hours, pace)


@pytest.mark.slow
@pytest.mark.timeout(7200)
async def test_it_runs_on_as_it_began_on_postgresql(tmp_path: Path, databases: tuple[Databases, str]) -> None:
    """A slower pace than on SQLite: the server works no faster because the hub's clock does."""
    server, template = databases
    name = await server.make(template)
    await lived(tmp_path, 24.0, 25.0, DATABASE_URL=server.address(name))


async def lived(folder: Path, hours: float, pace: float, **environ: str) -> None:
    """A life of so many hours, without faults and without growth."""
    command = [sys.executable, "-m", "tests.crash.months", str(folder), str(hours), str(pace)]
    process = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, env=environment() | environ, stdout=subprocess.PIPE
    )
    out, _ = await process.communicate()
    assert process.returncode == 0
    found = json.loads(out.splitlines()[-1])
    assert found["messages"] == hours * 3600 * PER_SECOND
    assert not found["count"], found["faults"]
    samples = [sample for place, sample in enumerate(found["samples"]) if (place + 1) / 4 >= min(_SETTLED, hours / 2)]
    assert max(each["log MB"] for each in samples) < 64
    assert max(each["files"] for each in samples) - min(each["files"] for each in samples) <= 5
    if len(samples) > 8:
        slope = statistics.linear_regression(range(len(samples)), [each["MB"] for each in samples]).slope * 4
        last = samples[-1]
        log.warning("%s hours: %.2f MB more an hour, %.0f MB, %d files", hours, slope, last["MB"], last["files"])
        assert slope < MEGABYTES_AN_HOUR
