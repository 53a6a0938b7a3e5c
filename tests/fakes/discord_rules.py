"""What Discord refuses, and how."""

from __future__ import annotations

import json
from typing import Any

import aiohttp
from aiohttp import web

from tests.fakes.discord_payloads import TOKEN

BODY = {
    "content", "nonce", "enforce_nonce", "allowed_mentions", "message_reference", "attachments", "flags", "embeds",
    "tts", "components",
}  # fmt: skip
EDIT = {"content", "allowed_mentions", "attachments", "flags", "embeds", "components"}
LARGEST = 10 * 1024 * 1024


class RefusedError(Exception):
    def __init__(self, status: int, code: int, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status, self.body = status, {"code": code, "message": message} | more


def must(so: object, why: str) -> None:
    if not so:
        raise RefusedError(400, 50035, f"Invalid Form Body: {why}")


def known_caller(request: web.Request, what: str) -> None:
    """Callbacks and webhooks are called by their token."""
    if what not in ("interactions", "webhooks") and request.headers.get("Authorization") != f"Bot {TOKEN}":
        raise RefusedError(401, 0, "401: Unauthorized")
    if not request.headers.get("User-Agent", "").startswith("DiscordBot ("):
        raise RefusedError(403, 40333, "internal network error")


async def read(request: web.Request) -> tuple[dict[str, Any], list[tuple[str, str, bytes]]]:
    """A body, and its files."""
    if not request.content_type.startswith("multipart/"):
        return await request.json(), []
    body: dict[str, Any] = {}
    files: list[tuple[str, str, bytes]] = []
    async for part in await request.multipart():
        assert isinstance(part, aiohttp.BodyPartReader)
        if part.name == "payload_json":
            body = json.loads(await part.text())
        else:
            assert part.name == f"files[{len(files)}]"
            files.append((part.filename or "", part.headers.get("Content-Type", ""), bytes(await part.read())))
    return body, files


def check(body: dict[str, Any], files: list[tuple[str, str, bytes]], largest: int = LARGEST) -> None:
    """A new message."""
    must(set(body) <= BODY, f"unexpected {set(body) - BODY}")
    _content(body, files=bool(files))
    components(body.get("components", []))
    must(len(files) <= 10, "too many files")
    if any(len(data) > largest for _, _, data in files):
        raise RefusedError(413, 40005, "Request entity too large")
    must(isinstance(body.get("nonce", ""), str) and len(body.get("nonce", "")) <= 25, "nonce is too long")
    mentions = body.get("allowed_mentions", {})
    must("everyone" not in mentions.get("parse", ["everyone"]), "everybody could be called")
    users = mentions.get("users", [])
    must(all(str(user).isdecimal() for user in users) and len(users) <= 100, "users are ids, 100 at most")
    must(len(set(users)) == len(users), "The set already contains this value")
    reference = body.get("message_reference", {"message_id": "1"})
    must(str(reference["message_id"]).isdecimal(), "message_reference is no id")


def check_edit(body: dict[str, Any], files: list[tuple[str, str, bytes]], largest: int = LARGEST) -> None:
    """A message that is changed; what it does not name stays."""
    must(set(body) <= EDIT, f"unexpected {set(body) - EDIT}")
    check({"content": "stays"} | body, files, largest)


def components(rows: list[dict[str, Any]]) -> None:
    """Rows of buttons ("Component Reference")."""
    must(len(rows) <= 5, "5 rows at most")
    buttons = [button for row in rows for button in row["components"]]
    must(all(row["type"] == 1 and 1 <= len(row["components"]) <= 5 for row in rows), "rows of 1 to 5 buttons")
    for button in buttons:
        must(button["type"] == 2 and 1 <= len(button["label"]) <= 80, "label: 1 to 80")
        must(("url" in button) == (button["style"] == 5), "only links have a url")
        must("url" in button or 1 <= len(button["custom_id"]) <= 100, "custom_id: 1 to 100")
    names = [button["custom_id"] for button in buttons if "custom_id" in button]
    must(len(names) == len(set(names)), "Component custom id cannot be duplicated")


def _content(body: dict[str, Any], *, files: bool) -> None:
    content = body.get("content", "")
    must(isinstance(content, str) and len(content) <= 2000, "Must be 2000 or fewer in length.")
    must(content.strip() or files, "Cannot send an empty message")
