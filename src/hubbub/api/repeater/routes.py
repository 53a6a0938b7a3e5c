"""The table of this API's routes: method, path, handler, parameters, answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel

from hubbub.api.repeater.admin import AdminRoutes
from hubbub.api.repeater.branches import BranchRoutes
from hubbub.api.repeater.calls import CallRoutes
from hubbub.api.repeater.chat import ChatRoutes
from hubbub.api.repeater.configs import ConfigRoutes
from hubbub.api.repeater.contexts import ContextRoutes
from hubbub.api.repeater.expanding import ExpandRoutes
from hubbub.api.repeater.exports import ExportRoutes
from hubbub.api.repeater.files import FileRoutes
from hubbub.api.repeater.guard import OPEN, SCOPE, RepeaterRoute
from hubbub.api.repeater.links import Links
from hubbub.api.repeater.pictures import PictureRoutes
from hubbub.api.repeater.prompts import PromptRoutes
from hubbub.api.repeater.schemas import request_of, responses_of
from hubbub.api.repeater.wire import (
    CallsOut,
    ChangeIn,
    ChatIn,
    ChatOut,
    ConfigIn,
    ConfigOut,
    DetailOut,
    ExpandIn,
    ForkIn,
    InjectIn,
    KeyIn,
    KeyOut,
    LengthOut,
    LinkOut,
    NamesOut,
    PictureOut,
    PromptIn,
    RenderIn,
    RewriteIn,
    UnitsOut,
    WithdrawIn,
)
from hubbub.api.repeater_parts import RepeaterParts
from hubbub.api.services import Services

_PATTERNS = {"user_id": "{user_id:path}", "path": "{path:path}"}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. ``answer``: a model of its JSON, or the type of another content.

    ``link``: a signed link does for a token. ``everybody``: it is about all users.
    """

    methods: str
    path: str
    handler: Callable[..., Any]
    answer: type[BaseModel] | str = "text/plain"
    takes: type[BaseModel] | None = None
    scope: str = SCOPE
    link: bool = False
    everybody: bool = False


def repeater_router(services: Services, parts: RepeaterParts, links: Links) -> APIRouter:
    """All routes of this API."""
    router = APIRouter(route_class=RepeaterRoute)
    for row in table(services, parts, links):
        _add(router, row)
    return router


def table(services: Services, parts: RepeaterParts, links: Links) -> Sequence[Row]:
    """All lines."""
    store, data, clock = services.store, parts.data, services.clock
    pictures = PictureRoutes(parts, store.files, links, clock)
    contexts, prompts, configs = ContextRoutes(data), PromptRoutes(data), ConfigRoutes(data)
    chat, expand = ChatRoutes(parts, services.exchange, pictures, clock), ExpandRoutes(parts)
    exports, calls = ExportRoutes(store.conversations, links, clock), CallRoutes(store.calls, parts.owner_of)
    admin, files = AdminRoutes(parts, store.secrets, services.access), FileRoutes(parts.settings)
    context, prompt, config = "/userdata/context", "/userdata/prompt", "/userdata/config"
    return (
        Row("POST", "/chat/completion/{user_id}", chat.post, ChatOut, ChatIn),
        Row("POST", "/userdata/variable/expand/{user_id}", expand.post, "text/plain", ExpandIn),
        Row("GET", f"{context}/get/{{user_id}}", contexts.get, UnitsOut),
        Row("GET", f"{context}/length/{{user_id}}", contexts.length, LengthOut),
        Row("POST PUT", f"{context}/withdraw/{{user_id}}", contexts.withdraw, UnitsOut, WithdrawIn),
        Row("POST PUT", f"{context}/rewrite/{{user_id}}", contexts.rewrite, UnitsOut, RewriteIn),
        Row("POST", f"{context}/inject/{{user_id}}", contexts.inject, UnitsOut, InjectIn),
        *_branches(context, BranchRoutes("context", data)),
        Row("GET", f"{prompt}/get/{{user_id}}", prompts.get),
        Row("POST PUT", f"{prompt}/set/{{user_id}}", prompts.set, "text/plain", PromptIn),
        *_branches(prompt, BranchRoutes("prompt", data)),
        Row("GET", f"{config}/get/{{user_id}}", configs.get, ConfigOut),
        Row("POST PUT", f"{config}/set/{{user_id}}/{{value_type}}", configs.set, ConfigOut, ConfigIn),
        Row("POST PUT", f"{config}/delkey/{{user_id}}", configs.delkey, ConfigOut, KeyIn),
        Row("DELETE", f"{config}/delkey/{{user_id}}/{{key}}", configs.delkey_path, ConfigOut),
        *_branches(config, BranchRoutes("config", data)),
        Row("GET", "/userdata/file/{user_id}.zip", exports.zip, "application/zip", link=True),
        Row("POST", "/userdata/file/{user_id}.zip", exports.link, LinkOut),
        Row("GET", "/calllog", calls.listed, CallsOut),
        Row("GET", "/calllog/stream", calls.stream, "application/x-ndjson"),
        Row("GET", "/file/render/{file_uuid}.png", pictures.fetch, "image/png", link=True),
        Row("POST", "/render/{user_id}", pictures.render, PictureOut, RenderIn),
        Row("POST", "/admin/reload/apiinfo", admin.reload, DetailOut, scope=OPEN),
        Row("POST", "/admin/regenerate/admin_key", admin.regenerate, KeyOut, scope=OPEN),
        Row("GET", "/readme.md", files.readme, "text/markdown", scope=OPEN),
        Row("GET", "/favicon.ico", files.favicon, "image/x-icon", scope=OPEN),
        Row("GET", "/static/{path}", files.static, "*/*"),
    )


def _branches(root: str, routes: BranchRoutes) -> Sequence[Row]:
    return (
        Row("GET", f"{root}/userlist", routes.userlist, NamesOut, everybody=True),
        Row("GET", f"{root}/branch/{{user_id}}", routes.branch, NamesOut),
        Row("GET", f"{root}/now_branch/{{user_id}}", routes.now_branch),
        Row("POST PUT", f"{root}/change/{{user_id}}", routes.change, "text/plain", ChangeIn),
        Row("DELETE", f"{root}/delete/{{user_id}}", routes.delete),
        Row("POST", f"{root}/fork/{{user_id}}", routes.fork, "text/plain", ForkIn),
        Row("POST", f"{root}/rename/{{user_id}}", routes.rename, "text/plain", ChangeIn),
        Row("POST", f"{root}/undo/{{user_id}}", routes.undo),
    )


def _add(router: APIRouter, row: Row) -> None:
    path = row.path
    for name, pattern in _PATTERNS.items():
        path = path.replace(f"{{{name}}}", pattern)
    pieces = ("application/x-ndjson",) if row.takes is ChatIn else ()
    extra = {"x-scope": row.scope, "x-link": row.link, "x-everybody": row.everybody}
    for method in row.methods.split():
        router.add_api_route(
            path,
            row.handler,
            methods=[method],
            response_model=None,
            responses=responses_of(row.answer, *pieces),
            openapi_extra=extra | request_of(row.path, row.takes),
            summary=(row.handler.__doc__ or "").partition("\n")[0].rstrip("."),
            name=f"{method} {row.path}",
        )
