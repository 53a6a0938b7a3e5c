"""The handlers of all pages, and what is answered when one of them refuses or fails."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from hubbub.console.answers import Answers
from hubbub.console.asks import Asks
from hubbub.console.chat import ChatPage
from hubbub.console.desk import HTMX, Desk
from hubbub.console.entrance import Entrance
from hubbub.console.errors import LoginNeeded
from hubbub.console.guides import Guides
from hubbub.console.listing import Lister
from hubbub.console.logs import LogPages
from hubbub.console.models import ModelPages
from hubbub.console.overview import Overview
from hubbub.console.paths import PATHS, Key
from hubbub.console.people import PeoplePages
from hubbub.console.sending import Sending
from hubbub.console.tokens import TokenPages
from hubbub.core.asgi import Receive, Scope, Send
from hubbub.core.errors import HubbubError, Overloaded, UserError
from hubbub.core.phrases import Phrase

if TYPE_CHECKING:
    from hubbub.console.services import ConsoleServices
    from hubbub.core.ports import ASGIApp

log = logging.getLogger(__name__)

_STATUS: Mapping[type[HubbubError], int] = {Overloaded: 503, UserError: 400}

Handler = Callable[[Request], Awaitable[Response]]


def build(services: ConsoleServices) -> Mapping[Key, ASGIApp]:
    """Everything behind the routes. Called in a thread: it reads files and imports what only pages need."""
    desk = Desk(services)
    handlers = {**_chat_handlers(desk), **_owner_handlers(desk)}
    return {key: _served(handlers[key], desk) for key in PATHS}


def _chat_handlers(desk: Desk) -> Mapping[Key, Handler]:
    services = desk.services
    asks = Asks(services.exchange, services.tasks)
    lister = Lister(services.store.conversations)
    entrance, chat = Entrance(desk), ChatPage(desk, asks, lister)
    sending, answers = Sending(desk, asks, lister), Answers(desk, asks, chat)
    return {
        ("GET", "/"): chat.show,
        ("GET", "/assets/{name}"): desk.assets.serve,
        ("GET", "/page/login"): entrance.show,
        ("POST", "/page/login"): entrance.enter,
        ("POST", "/page/logout"): entrance.leave,
        ("POST", "/page/language"): entrance.language,
        ("GET", "/page/conversations"): chat.conversations,
        ("POST", "/page/conversations/delete"): chat.delete,
        ("POST", "/page/conversations/restore"): chat.restore,
        ("GET", "/page/turns"): chat.turns,
        ("POST", "/page/messages"): sending.send,
        ("POST", "/page/stop"): sending.stop,
        ("GET", "/page/answers/{entry}"): answers.stream,
    }


def _owner_handlers(desk: Desk) -> Mapping[Key, Handler]:
    overview, guides = Overview(desk), Guides(desk)
    models, tokens, people = ModelPages(desk), TokenPages(desk), PeoplePages(desk)
    return {
        ("GET", "/console"): overview.show,
        ("GET", "/console/live"): overview.live,
        ("POST", "/console/deliveries/{row}/retry"): overview.retry,
        ("POST", "/console/deliveries/{row}/drop"): overview.drop,
        ("GET", "/console/platforms"): guides.list,
        ("GET", "/console/platforms/{platform}"): guides.show,
        ("GET", "/console/platforms/{platform}/live"): guides.live,
        ("GET", "/console/models"): models.show,
        ("POST", "/console/models/hello"): models.hello,
        ("GET", "/console/people"): people.show,
        ("POST", "/console/people/role"): people.role,
        ("POST", "/console/people/limits"): people.limits,
        ("POST", "/console/people/pair"): people.let_in,
        ("POST", "/console/people/forget"): people.forget,
        ("GET", "/console/tokens"): tokens.show,
        ("POST", "/console/tokens"): tokens.make,
        ("POST", "/console/tokens/{token}/revoke"): tokens.revoke,
        ("GET", "/console/log"): LogPages(desk).show,
    }


def _served(handler: Handler, desk: Desk) -> ASGIApp:
    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            response = await handler(request)
        except ClientDisconnect:
            return
        except LoginNeeded:
            response = _to_login(request)
        except HubbubError as error:
            response = _refused(request, desk, error)
        except Exception as error:  # noqa: BLE001 - one request must not end more than itself; the log has the cause
            response = _failed(request, desk, error)
        await response(scope, receive, send)

    return serve


def _to_login(request: Request) -> Response:
    path = request.url.path if request.method == "GET" and not request.url.path.startswith("/page/") else "/"
    to = "/page/login" + (f"?next={quote(path)}" if path != "/" else "")
    if HTMX in request.headers:
        return Response(status_code=401, headers={"hx-redirect": to})
    if "text/html" not in request.headers.get("accept", "*/*"):
        return Response(status_code=401)
    return RedirectResponse(to, 303, {"cache-control": "no-store"})


def _refused(request: Request, desk: Desk, error: HubbubError) -> Response:
    status = getattr(error, "status", _STATUS.get(type(error), 500))
    if error.user_text is None and status >= 500 and not isinstance(error, Overloaded):
        return _failed(request, desk, error)
    return _told(request, desk, status, error.user_text or Phrase("page.error_busy"))


def _failed(request: Request, desk: Desk, error: Exception) -> Response:
    number = secrets.token_hex(4)
    log.error("error %s: the page %s failed", number, request.url.path, exc_info=error)
    return _told(request, desk, 500, Phrase("error.internal", {"id": number}))


def _told(request: Request, desk: Desk, status: int, phrase: Phrase) -> Response:
    look = desk.bare(request)
    if HTMX in request.headers or request.url.path.startswith("/assets/"):
        return PlainTextResponse(look.phrase(phrase), status, {"cache-control": "no-store"})
    return desk.templates.page("refused.html", look, status, sentence=look.phrase(phrase))
