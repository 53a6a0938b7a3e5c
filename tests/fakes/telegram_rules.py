"""What calls of the Bot API must be like: those that aiogram's models could have made, and what they leave open."""

from __future__ import annotations

import base64
import importlib
import json
from contextlib import suppress
from types import ModuleType
from typing import Any

import aiohttp
from aiohttp import web
from pydantic import ValidationError

ALBUMS = ({"photo", "video"}, {"document"}, {"audio"})


class RefusedError(Exception):
    def __init__(self, code: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters


def keyboard(markup: dict[str, Any]) -> list[list[dict[str, Any]]]:
    """Buttons as Telegram takes them ("InlineKeyboardButton"), or why not."""
    rows: list[list[dict[str, Any]]] = markup.get("inline_keyboard", [])
    buttons = [button for row in rows for button in row]
    if len(buttons) > 100 or any(len(row) > 8 or not row for row in rows):
        raise RefusedError(400, "Bad Request: REPLY_MARKUP_TOO_LONG")
    for button in buttons:
        if not button["text"].strip():
            raise RefusedError(400, "Bad Request: can't parse inline keyboard button: Text buttons are unallowed")
        if len(button.keys() & {"callback_data", "url"}) != 1:
            raise RefusedError(400, "Bad Request: BUTTON_TYPE_INVALID")
        if not 1 <= len(button.get("callback_data", "x").encode()) <= 64:
            raise RefusedError(400, "Bad Request: BUTTON_DATA_INVALID")
    return rows


def album(media: list[dict[str, Any]]) -> None:
    """Files that Telegram takes as one ("sendMediaGroup"), or why not."""
    if not 2 <= len(media) <= 10:
        raise RefusedError(400, "Bad Request: wrong number of media in the album")
    if not any({each["type"] for each in media} <= kinds for kinds in ALBUMS):
        raise RefusedError(400, "Bad Request: documents and audios can't be mixed with other media types")


async def arguments_of(request: web.Request) -> dict[str, Any]:
    """What a call gives, files as base64."""
    arguments: dict[str, Any] = dict(request.query)
    if request.content_type == "multipart/form-data":
        async for part in await request.multipart():
            assert isinstance(part, aiohttp.BodyPartReader)
            data = await part.read()
            kept = base64.b64encode(data).decode() if part.filename else data.decode()
            arguments[part.name or ""] = kept
        return arguments
    return arguments | dict(await request.post())


def oracle() -> ModuleType:
    """Aiogram's model of every method; it takes seconds to load, which only those tests wait for that need it."""
    return importlib.import_module("aiogram.methods")


def check(method: str, arguments: dict[str, Any]) -> None:
    """The call is one that aiogram could have made."""
    model = getattr(oracle(), method[0].upper() + method[1:], None)
    if model is None:
        raise RefusedError(404, "Not Found")
    attached = {name for name in arguments if name.startswith("attached")}
    values = {name: _value(value) for name, value in arguments.items() if name not in attached}
    unknown = set(values) - set(model.model_fields)
    if unknown:
        raise RefusedError(400, f"Bad Request: {method} knows no {', '.join(sorted(unknown))}")
    if method == "setWebhook" and "certificate" in values:
        del values["certificate"]
    try:
        model.model_validate(values)
    except ValidationError as error:
        raise RefusedError(400, f"Bad Request: {method}: {error}") from error


def _value(text: Any) -> Any:
    if isinstance(text, str) and text[:1] in ("{", "["):
        with suppress(ValueError):
            return json.loads(text)
    return text
