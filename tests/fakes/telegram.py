"""A strict Bot API server on loopback.

Every call is checked against aiogram's model of its method: names, types, what is required. What Telegram refuses is
refused: unknown chats, empty and long texts, markup that cannot be parsed, a wrong token, two who fetch at once. It
repeats updates until they are confirmed by an offset, and brings them to a webhook until it answers 200.
"""

from __future__ import annotations

import asyncio
import base64
import json
import urllib.parse
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Literal

import aiogram.methods
import aiohttp
from aiohttp import web
from pydantic import ValidationError

from tests.fakes.telegram_html import CannotParseError, shown
from tests.fakes.telegram_traffic import Traffic

TOKEN = "10001:AAaa-0123456789_abcdefghijklmnopqrst"
ME = {"id": 10001, "is_bot": True, "first_name": "Hub", "username": "hub_bot"}
ALICE = {"id": 20001, "is_bot": False, "first_name": "Alice", "last_name": "Ng", "language_code": "en"}
PRIVATE = {"id": 20001, "type": "private", "first_name": "Alice", "last_name": "Ng"}
GROUP = {"id": -30001, "type": "group", "title": "Friends"}
DATE = 1_718_000_000
LIMITS = {"text": 4096, "caption": 1024}

Wrong = Literal["refused", "unconfirmed", "flood", "server_error", "unreadable", "migrated", "unfetched"]


class RefusedError(Exception):
    def __init__(self, code: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters


_REFUSALS = {
    "refused": RefusedError(429, "Too Many Requests: retry after 1", retry_after=1),
    "flood": RefusedError(429, "Too Many Requests: retry after 7", retry_after=7),
    "unreadable": RefusedError(400, "Bad Request: can't parse entities: Unsupported start tag at byte offset 1"),
    "unfetched": RefusedError(400, "Bad Request: failed to get HTTP URL content"),
}


def said(text: str, number: int, **more: Any) -> dict[str, Any]:
    """An update: Alice writes to the bot."""
    message = {"message_id": number + 1, "from": ALICE, "chat": PRIVATE, "date": DATE, "text": text}
    return {"update_id": 1000 + number, "message": message | more}


def pressed(data: str, number: int, message_id: int, **more: Any) -> dict[str, Any]:
    """An update: Alice presses a button of the bot's message."""
    message = {"message_id": message_id, "date": DATE, "chat": PRIVATE, "from": ME, "text": "choose"}
    query = {"id": f"press{number}", "from": ALICE, "chat_instance": "1", "data": data, "message": message}
    return {"update_id": 1000 + number, "callback_query": query | more}


@dataclass
class FakeTelegram:
    """``calls``: all that was asked. ``shown``: what people see, by message id. ``updates``: not confirmed yet."""

    url: str = ""
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    messages: dict[int, str] = field(default_factory=dict)
    effects: list[tuple[str, str]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    wrong: deque[Wrong] = field(default_factory=deque)
    updates: list[dict[str, Any]] = field(default_factory=list)
    fetched: int = 0
    broken: bool = False
    files: dict[str, bytes] = field(default_factory=dict)
    webhook: dict[str, Any] = field(default_factory=dict)
    moved: dict[int, int] = field(default_factory=dict)
    menus: dict[str, list[Any]] = field(default_factory=dict)
    more: asyncio.Event = field(default_factory=asyncio.Event)
    fetching: int = 0
    keyboards: dict[int, list[list[dict[str, Any]]]] = field(default_factory=dict)
    answered: list[str] = field(default_factory=list)
    restricted: list[dict[str, Any]] = field(default_factory=list)
    admins: list[dict[str, Any]] = field(default_factory=list)
    restriction: str = ""
    asking: dict[int, str] = field(default_factory=dict)
    about_webhook: dict[str, Any] = field(default_factory=dict)
    traffic: Traffic | None = None
    _next: int = 500
    _open: list[web.Request] = field(default_factory=list)

    def push(self, update: dict[str, Any]) -> None:
        self.updates.append(update)
        self.more.set()

    def drop(self) -> None:
        """Break what is being fetched."""
        self.more.set()
        for request in self._open:
            if request.transport is not None:
                request.transport.abort()

    def called(self, method: str) -> list[dict[str, Any]]:
        return [arguments for name, arguments in self.calls if name == method]

    # --- the server ------------------------------------------------------------------------------------------

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self._open.append(request)
        try:
            return await self._answer(request)
        finally:
            self._open.remove(request)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if self.broken:
            assert request.transport
            request.transport.close()
            return web.Response()
        if request.match_info["token"] != TOKEN:
            return _failure(RefusedError(401, "Unauthorized"))
        method = request.match_info["method"]
        arguments = await _arguments(request)
        self.calls.append((method, arguments))
        try:
            _check(method, arguments)
            result = await self._do(method, arguments)
        except RefusedError as refused:
            if refused.code == 400:
                self.refused.append(f"{method}: {refused.description}")
            return _failure(refused)
        return web.json_response({"ok": True, "result": result})

    async def _do(self, method: str, arguments: dict[str, Any]) -> Any:
        handler: Callable[[dict[str, Any]], Any] | None = getattr(self, f"_{method}", None)
        if method == "getUpdates":
            return await self._updates(arguments)
        if method.startswith("send") and method != "sendChatAction":
            return await self._send(method, arguments)
        if handler is None:
            raise RefusedError(404, "Not Found")
        return handler(arguments)

    async def _updates(self, arguments: dict[str, Any]) -> list[dict[str, Any]]:
        if self.webhook.get("url"):
            raise RefusedError(409, "Conflict: can't use getUpdates method while webhook is active")
        if self.fetching:
            raise RefusedError(409, "Conflict: terminated by other getUpdates request")
        offset = int(arguments.get("offset", 0))
        self.fetching += 1
        try:
            if offset:
                self.updates = [each for each in self.updates if each["update_id"] >= offset]
            if not self.updates:
                self.more.clear()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self.more.wait(), min(float(arguments.get("timeout", 0)), 5.0))
            self.fetched += 1
            return self.updates[: int(arguments.get("limit", 100))]
        finally:
            self.fetching -= 1

    async def _send(self, method: str, arguments: dict[str, Any]) -> Any:
        wrong = self.wrong.popleft() if self.wrong else ""
        if wrong in _REFUSALS:
            raise _REFUSALS[wrong]
        self._count(arguments)
        chat = int(arguments["chat_id"])
        if wrong == "migrated":
            self.moved[chat] = chat - 1_000_000_000_000
        if chat in self.moved:
            new = self.moved[chat]
            raise RefusedError(400, "Bad Request: group chat was upgraded to a supergroup chat", migrate_to_chat_id=new)
        result = self._show(method, arguments, chat)
        if wrong == "unconfirmed":
            await asyncio.sleep(30)
        if wrong == "server_error":
            raise RefusedError(502, "Bad Gateway")
        return result

    def _show(self, method: str, arguments: dict[str, Any], chat: int) -> Any:
        markup = json.loads(arguments.get("reply_markup", "{}"))
        if method == "sendMediaGroup" and markup:
            raise RefusedError(400, "Bad Request: sendMediaGroup knows no reply_markup")
        if markup:
            self.keyboards[self._next + 1] = _keyboard(markup)
        if abs(chat) in (404, 403):
            raise RefusedError(abs(chat) - 4 if abs(chat) == 404 else 403, "Bad Request: chat not found")
        if method == "sendMediaGroup":
            media = json.loads(arguments["media"])
            texts = [self._text(each, "caption") for each in media]
            return [self._new(chat, text) for text in texts]
        text = self._text(arguments, "text" if method == "sendMessage" else "caption")
        if method == "sendMessage" and not text.strip():
            raise RefusedError(400, "Bad Request: message text is empty")
        return self._new(chat, text)

    def _text(self, arguments: dict[str, Any], name: str) -> str:
        text = str(arguments.get(name, ""))
        if arguments.get("parse_mode") == "HTML":
            try:
                text = shown(text)
            except CannotParseError as error:
                raise RefusedError(400, f"Bad Request: can't parse entities: {error}") from error
        if len(text.encode("utf-16-le")) // 2 > LIMITS[name]:
            raise RefusedError(400, f"Bad Request: message {name} is too long")
        return text

    def _new(self, chat: int, text: str) -> dict[str, Any]:
        self._next += 1
        self.messages[self._next] = text
        return {"message_id": self._next, "date": DATE, "chat": {"id": chat, "type": "private"}, "text": text}

    def _count(self, arguments: dict[str, Any]) -> None:
        wait = self.traffic.wait(int(arguments["chat_id"])) if self.traffic is not None else 0
        if wait:
            raise RefusedError(429, f"Too Many Requests: retry after {wait}", retry_after=wait)

    def _known(self, arguments: dict[str, Any], what: str) -> int:
        number = int(arguments["message_id"])
        if number not in self.messages:
            raise RefusedError(400, f"Bad Request: message to {what} not found")
        return number

    # --- methods, by Telegram's names ------------------------------------------------------------------------

    def _getMe(self, arguments: dict[str, Any]) -> Any:  # noqa: N802
        return ME

    def _setMyCommands(self, arguments: dict[str, Any]) -> bool:  # noqa: N802
        scope = json.loads(arguments.get("scope", '{"type": "default"}'))["type"]
        self.menus[f"{scope} {arguments.get('language_code', '')}".strip()] = json.loads(arguments["commands"])
        return True

    def _deleteWebhook(self, arguments: dict[str, Any]) -> bool:  # noqa: N802
        self.webhook = {}
        return True

    def _setWebhook(self, arguments: dict[str, Any]) -> bool:  # noqa: N802
        self.webhook = dict(arguments)
        return True

    def _editMessageText(self, arguments: dict[str, Any]) -> Any:  # noqa: N802
        self._count(arguments)
        number, text = self._known(arguments, "edit"), self._text(arguments, "text")
        if (markup := _keyboard(json.loads(arguments.get("reply_markup", "{}")))) != self.keyboards.get(number, []):
            self.keyboards[number] = markup
        elif self.messages[number] == text:
            raise RefusedError(400, "Bad Request: message is not modified: specified new message content is the same")
        self.messages[number] = text
        self.effects.append(("edit", str(number)))
        return {"message_id": number, "date": DATE, "chat": PRIVATE, "text": text}

    def _answerCallbackQuery(self, arguments: dict[str, Any]) -> bool:  # noqa: N802
        self.answered.append(arguments["callback_query_id"])
        return True

    def _getChatAdministrators(self, arguments: dict[str, Any]) -> Any:  # noqa: N802
        if int(arguments["chat_id"]) > 0:
            raise RefusedError(400, "Bad Request: there are no administrators in the private chat")
        return self.admins

    def _approveChatJoinRequest(self, arguments: dict[str, Any]) -> bool:  # noqa: N802
        return self._decided(arguments, "approved")

    def _declineChatJoinRequest(self, arguments: dict[str, Any]) -> bool:  # noqa: N802
        return self._decided(arguments, "declined")

    def _decided(self, arguments: dict[str, Any], verdict: str) -> bool:
        user = int(arguments["user_id"])
        if user not in self.asking:
            raise RefusedError(400, "Bad Request: HIDE_REQUESTER_MISSING")
        self.asking[user] = verdict
        return True

    def _restrictChatMember(self, arguments: dict[str, Any]) -> bool:  # noqa: N802
        if self.restriction:
            raise RefusedError(400, f"Bad Request: {self.restriction}")
        self.restricted.append(arguments | {"permissions": json.loads(arguments["permissions"])})
        return True

    def _getWebhookInfo(self, arguments: dict[str, Any]) -> Any:  # noqa: N802
        found = {"url": self.webhook.get("url", ""), "has_custom_certificate": False, "pending_update_count": 0}
        return found | self.about_webhook

    def _deleteMessage(self, arguments: dict[str, Any]) -> bool:  # noqa: N802
        number = self._known(arguments, "delete")
        self.effects.append(("delete", str(number)))
        return True

    def _setMessageReaction(self, arguments: dict[str, Any]) -> bool:  # noqa: N802
        set_now = json.loads(arguments.get("reaction", "[]"))
        number = self._known(arguments, "react to")
        self.effects.append(("react" if set_now else "unreact", str(number)))
        return True

    def _sendChatAction(self, arguments: dict[str, Any]) -> bool:  # noqa: N802
        self.effects.append(("type", ""))
        return True

    def _getFile(self, arguments: dict[str, Any]) -> Any:  # noqa: N802
        name = arguments["file_id"]
        if name not in self.files:
            raise RefusedError(400, "Bad Request: wrong file_id or the file is temporarily unavailable")
        return {"file_id": name, "file_unique_id": name, "file_path": f"files/{name}"}

    async def file(self, request: web.Request) -> web.Response:
        return web.Response(body=self.files[request.match_info["name"]])

    # --- the other direction ---------------------------------------------------------------------------------

    async def bring(self, update: dict[str, Any] | bytes, base: str, secret: str | None = None) -> int:
        """Bring an update to the webhook that was set, at ``base``; the status of the answer."""
        path = urllib.parse.urlsplit(self.webhook["url"]).path
        headers = {"X-Telegram-Bot-Api-Secret-Token": self.webhook["secret_token"] if secret is None else secret}
        data = update if isinstance(update, bytes) else json.dumps(update).encode()
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"http://{base}{path}", data=data, headers=headers) as response,
        ):
            return response.status


def _keyboard(markup: dict[str, Any]) -> list[list[dict[str, Any]]]:
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


async def _arguments(request: web.Request) -> dict[str, Any]:
    arguments: dict[str, Any] = dict(request.query)
    if request.content_type == "multipart/form-data":
        async for part in await request.multipart():
            assert isinstance(part, aiohttp.BodyPartReader)
            data = await part.read()
            kept = base64.b64encode(data).decode() if part.filename else data.decode()
            arguments[part.name or ""] = kept
        return arguments
    return arguments | dict(await request.post())


def _check(method: str, arguments: dict[str, Any]) -> None:
    """The call is one that aiogram could have made."""
    model = getattr(aiogram.methods, method[0].upper() + method[1:], None)
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


def _failure(refused: RefusedError) -> web.Response:
    body: dict[str, Any] = {"ok": False, "error_code": refused.code, "description": refused.description}
    if refused.parameters:
        body["parameters"] = refused.parameters
    return web.json_response(body, status=refused.code)


@asynccontextmanager
async def telegram() -> AsyncIterator[FakeTelegram]:
    """A server on a free port; ``url`` is the settings' ``api_base``."""
    fake = FakeTelegram()
    app = web.Application(client_max_size=60_000_000)
    app.router.add_route("*", "/bot{token}/{method}", fake.answer)
    app.router.add_get("/file/bot{token}/files/{name}", fake.file)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    fake.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield fake
    finally:
        await runner.cleanup()
