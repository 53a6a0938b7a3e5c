"""Supervisors hear whether messages are taken, and why not in a word that tells strangers nothing."""

from __future__ import annotations

from typing import Any, cast

import pytest

from hubbub.api.health import Readiness
from hubbub.core.ports import Control
from hubbub.core.status import HubStatus


class Told:
    """`ports.Control` with one picture to show."""

    def __init__(self, *, ready: bool, trouble: str) -> None:
        self._shown = HubStatus("0.1.0", 1.0, ready, (), "", "", 0, 0, 0, trouble)

    def status(self) -> HubStatus:
        return self._shown


@pytest.mark.parametrize(
    ("ready", "trouble", "status", "body"),
    [
        (True, "", 200, '{"status":"ready"}'),
        (False, "", 503, '{"status":"not ready","reason":"the hub is stopping"}'),
        (False, "10.0.0.7 refused", 503, '{"status":"not ready","reason":"the database cannot be reached"}'),
    ],
)
async def test_readiness(ready: bool, trouble: str, status: int, body: str) -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        raise AssertionError("nothing is read")

    control = cast("Control", Told(ready=ready, trouble=trouble))
    await Readiness(control)({"type": "http"}, receive, send)
    assert (sent[0]["status"], sent[1]["body"].decode()) == (status, body)
