"""Pieces of answers are taken from other nodes of the hub, and from nobody else."""

from __future__ import annotations

from typing import Any

import pytest

from hubbub.api.pieces import Piece, Signature, packed, piece_route
from hubbub.core.ports import Streamed

SECRET = "x" * 64
SOME: list[Piece] = [
    ("http/local/1", Streamed("a", "why")),
    ("http/local/1", Streamed(end=True)),
    ("http/local/1", Streamed(note="🎨 …")),
]


async def brought(body: bytes, headers: dict[str, str]) -> tuple[int, list[Piece]]:
    """The answer's status, and what was taken."""
    taken: list[Piece] = []
    sent: list[Any] = []
    route = piece_route(Signature(SECRET, "gateway"), lambda key, piece: taken.append((key, piece)))
    parts = [body[:5], body[5:]]

    async def receive() -> dict[str, Any]:
        part = parts.pop(0)
        return {"type": "http.request", "body": part, "more_body": bool(parts)}

    async def send(message: Any) -> None:
        sent.append(message)

    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await route.app({"type": "http", "path": route.path, "method": "POST", "headers": raw}, receive, send)
    return sent[0]["status"], taken


async def test_what_another_node_signed_is_taken() -> None:
    body = packed(SOME)
    assert await brought(body, Signature(SECRET, "gateway").headers(body)) == (200, SOME)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Hubbub-Time": "soon", "X-Hubbub-Signature": "0"},
        Signature("y" * 64, "gateway").headers(packed(SOME)),
        Signature(SECRET, "another").headers(packed(SOME)),
        Signature(SECRET, "gateway").headers(packed(SOME[:1])),
    ],
)
async def test_anything_else_is_refused(headers: dict[str, str]) -> None:
    assert await brought(packed(SOME), headers) == (403, [])


async def test_an_old_delivery_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    body = packed(SOME)
    headers = Signature(SECRET, "gateway").headers(body)
    monkeypatch.setattr("hubbub.api.pieces.time.time", lambda: float(headers["X-Hubbub-Time"]) + 100)
    assert await brought(body, headers) == (403, [])


async def test_what_is_no_list_of_pieces_is_refused() -> None:
    for body in (b"{}1", b"[1]", b'[["k"]]'):
        assert await brought(body, Signature(SECRET, "gateway").headers(body)) == (400, [])


async def test_too_much_at_once_is_refused() -> None:
    body = b"[" + b" " * 4_000_001 + b"]"
    assert (await brought(body, Signature(SECRET, "gateway").headers(body)))[0] == 413
