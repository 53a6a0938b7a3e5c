"""``/files/...``: what is shown, what is only given to be saved, and what nobody gets."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

import pytest

from hubbub.api.kept import KeptFiles, addressed
from hubbub.core.errors import StoreError
from hubbub.core.messages import Blob, File, Image, Media, Text

NAME = "a" * 32


class Stored:
    def __init__(self, found: Blob | StoreError | None) -> None:
        self.found = found
        self.asked: list[str] = []

    async def put(self, file_id: str, blob: Blob, expires_at: float, owner: str = "", most: int = 0) -> None:
        raise StoreError(file_id)

    async def get(self, file_id: str, now: float) -> Blob | None:
        self.asked.append(file_id)
        if isinstance(self.found, StoreError):
            raise self.found
        return self.found

    async def sweep(self, now: float, limit: int = 100) -> int:
        return 0

    async def size(self) -> int:
        return 0


async def get(stored: Stored, name: str = NAME, method: str = "GET") -> tuple[int, dict[str, str], bytes]:
    sent: list[MutableMapping[str, Any]] = []

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request"}

    scope = {"type": "http", "method": method, "path_params": {"name": name}}
    await KeptFiles(stored, lambda: 0.0)(scope, receive, send)
    headers = {key.decode(): value.decode() for key, value in sent[0]["headers"]}
    return sent[0]["status"], headers, sent[1]["body"]


@pytest.mark.parametrize("mime", ["image/png", "application/pdf"])
async def test_pictures_and_documents_are_shown(mime: str) -> None:
    status, headers, body = await get(Stored(Blob(b"data", mime, "图 1.png")))
    assert (status, body, headers["content-type"]) == (200, b"data", mime)
    assert headers["content-disposition"] == "inline; filename*=UTF-8''%E5%9B%BE%201.png"
    assert "sandbox" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("mime", "shown"),
    [("text/html", "text/html"), ("image/svg+xml", "application/octet-stream"), ("x", "application/octet-stream")],
)
async def test_everything_else_is_for_saving(mime: str, shown: str) -> None:
    _, headers, _ = await get(Stored(Blob(b"<script>", mime, "x")))
    assert headers["content-disposition"].startswith("attachment")
    assert headers["content-type"] == shown


@pytest.mark.parametrize(
    "name", ["short", "repeater.0f0f0f0f-0f0f-0f0f-0f0f-0f0f0f0f0f0f", "a" * 100, "../" + NAME, ""]
)
async def test_other_names_are_not_even_looked_up(name: str) -> None:
    stored = Stored(Blob(b"x", "image/png"))
    status, _, _ = await get(stored, name)
    assert (status, stored.asked) == (404, [])


async def test_what_is_gone_and_what_cannot_be_read() -> None:
    assert (await get(Stored(None)))[0] == 404
    assert (await get(Stored(StoreError("away"))))[0] == 503


async def test_a_message_gets_addresses() -> None:
    message = (Text("x"), Image(Media("hub:abc")), File(Media("data:,x")))
    assert addressed(message) == (Text("x"), Image(Media("/files/abc")), File(Media("data:,x")))
