"""A strict Bot API server on loopback.

Every call is checked against aiogram's model of its method: names, types, what is required. What Telegram refuses is
refused: unknown chats, empty and long texts, markup that cannot be parsed, a wrong token, two who fetch at once. It
repeats updates until they are confirmed by an offset, and brings them to a webhook until it answers 200.
"""

from __future__ import annotations

import asyncio
import json
import urllib.parse
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import aiohttp
from aiohttp import web

from tests.fakes.telegram_html import CannotParseError, shown
from tests.fakes.telegram_rules import RefusedError, album, arguments_of, check, keyboard, oracle
from tests.fakes.telegram_traffic import Traffic

TOKEN = "10001:AAaa-0123456789_abcdefghijklmnopqrst"
ME = {"id": 10001, "is_bot": True, "first_name": "Hub", "username": "hub_bot"}
ALICE = {"id": 20001, "is_bot": False, "first_name": "Alice", "last_name": "Ng", "language_code": "en"}
PRIVATE = {"id": 20001, "type": "private", "first_name": "Alice", "last_name": "Ng"}
GROUP = {"id": -30001, "type": "group", "title": "Friends"}
OWNER = {"status": "creator", "user": ALICE, "is_anonymous": False}
ADMIN = {"status": "administrator", "user": ME} | dict.fromkeys(
    (
        "can_be_edited", "is_anonymous", "can_manage_chat", "can_delete_messages", "can_manage_video_chats",
        "can_restrict_members", "can_promote_members", "can_change_info", "can_invite_users", "can_post_stories",
        "can_edit_stories", "can_delete_stories",
    ),
    True,
)  # fmt: skip
DATE = 1_718_000_000
LIMITS = {"text": 4096, "caption": 1024}

Wrong = Literal[
    "refused",
    "unconfirmed",
    "flood",
    "server_error",
    "unreadable",
    "migrated",
    "unfetched",
    "too_long",
    "no_photo",
    "no_voice",
    "too_large",
]


_REFUSALS = {
    "refused": RefusedError(429, "Too Many Requests: retry after 1", retry_after=1),
    "flood": RefusedError(429, "Too Many Requests: retry after 7", retry_after=7),
    "unreadable": RefusedError(400, "Bad Request: can't parse entities: Unsupported start tag at byte offset 1"),
    "unfetched": RefusedError(400, "Bad Request: failed to get HTTP URL content"),
    "too_long": RefusedError(400, "Bad Request: message caption is too long"),
    "no_photo": RefusedError(400, "Bad Request: PHOTO_INVALID_DIMENSIONS"),
    "no_voice": RefusedError(400, "Bad Request: VOICE_MESSAGES_FORBIDDEN"),
    "too_large": RefusedError(413, "Request Entity Too Large"),
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
    """``calls``: all that was asked. ``messages``: what people see, by message id. ``updates``: not confirmed yet.

    ``others``: more bots of the server, by token. ``folder``: where a server with ``--local`` keeps its files.
    """

    url: str = ""
    token: str = TOKEN
    me: dict[str, Any] = field(default_factory=lambda: dict(ME))
    others: dict[str, FakeTelegram] = field(default_factory=dict)
    folder: Path | None = None
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
    with_files: set[int] = field(default_factory=set)
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
        if request.match_info["token"] in self.others:
            return await self.others[request.match_info["token"]].answer(request)
        if request.match_info["token"] != self.token:
            return _failure(RefusedError(401, "Unauthorized"))
        method = request.match_info["method"]
        arguments = await arguments_of(request)
        self.calls.append((method, arguments))
        try:
            check(method, arguments)
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
            self.keyboards[self._next + 1] = keyboard(markup)
        if abs(chat) in (404, 403):
            raise RefusedError(abs(chat) - 4 if abs(chat) == 404 else 403, "Bad Request: chat not found")
        if method == "sendMediaGroup":
            album(media := json.loads(arguments["media"]))
            texts = [self._text(each, "caption") for each in media]
            return [self._new(chat, text) for text in texts]
        text = self._text(arguments, "text" if method == "sendMessage" else "caption")
        if method == "sendMessage" and not text.strip():
            raise RefusedError(400, "Bad Request: message text is empty")
        if method != "sendMessage":
            self.with_files.add(self._next + 1)
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
        return self.me

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
        return self._edit(arguments, "text")

    def _editMessageCaption(self, arguments: dict[str, Any]) -> Any:  # noqa: N802
        return self._edit(arguments, "caption")

    def _edit(self, arguments: dict[str, Any], what: str) -> Any:
        self._count(arguments)
        number, text = self._known(arguments, "edit"), self._text(arguments, what)
        if what == "text" and number in self.with_files:
            raise RefusedError(400, "Bad Request: there is no text in the message to edit")
        if (markup := keyboard(json.loads(arguments.get("reply_markup", "{}")))) != self.keyboards.get(number, []):
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
        found = {"url": self.webhook.get("url", ""), "pending_update_count": 0}
        return found | {"has_custom_certificate": "certificate" in self.webhook} | self.about_webhook

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
        path = f"files/{name}" if self.folder is None else str(self.folder / name)
        return {"file_id": name, "file_unique_id": name, "file_path": path, "file_size": len(self.files[name])}

    async def file(self, request: web.Request) -> web.Response:
        return web.Response(body=self.files[request.match_info["name"]])

    # --- the other direction ---------------------------------------------------------------------------------

    async def bring(self, update: dict[str, Any] | bytes, base: str, secret: str | None = None) -> int:
        """Bring an update to the webhook that was set, at ``base``; the status of the answer."""
        async with aiohttp.ClientSession() as session:
            return await self.bring_by(session, update, base, secret)

    async def bring_by(
        self, session: aiohttp.ClientSession, update: dict[str, Any] | bytes, base: str, secret: str | None = None
    ) -> int:
        path = urllib.parse.urlsplit(self.webhook["url"]).path
        headers = {"X-Telegram-Bot-Api-Secret-Token": self.webhook["secret_token"] if secret is None else secret}
        data = update if isinstance(update, bytes) else json.dumps(update).encode()
        async with session.post(f"http://{base}{path}", data=data, headers=headers) as response:
            return response.status


def _failure(refused: RefusedError) -> web.Response:
    body: dict[str, Any] = {"ok": False, "error_code": refused.code, "description": refused.description}
    if refused.parameters:
        body["parameters"] = refused.parameters
    return web.json_response(body, status=refused.code)


@asynccontextmanager
async def telegram() -> AsyncIterator[FakeTelegram]:
    """A server on a free port; ``url`` is the settings' ``api_base``."""
    oracle()
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
