"""The router: paths, methods, parameters, WebSockets, and what browsers may not send."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from hubbub.api.origins import Names
from hubbub.api.routing import Router
from hubbub.core.errors import ConfigError
from hubbub.core.ports import ASGIApp, Route


def app(name: str) -> ASGIApp:
    async def serve(scope: Any, receive: Any, send: Any) -> None:
        await send({"name": name, "params": scope.get("path_params")})

    return serve


ROUTES = (
    Route("/hook", app("get"), methods=("GET",)),
    Route("/hook", app("post"), methods=("POST",)),
    Route("/hook", app("socket"), kind="websocket"),
    Route("/hook/{account}/x", app("one"), methods=("POST",)),
    Route("/any.path", app("any")),
)
ROUTER = Router(ROUTES, {"/api": app("tree")}, Names())


async def ask(path: str, method: str = "GET", kind: str = "http", headers: dict[str, str] | None = None) -> Any:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    given = [(name.encode(), value.encode()) for name, value in (headers or {"host": "localhost"}).items()]
    scope = {"type": kind, "path": path, "headers": given, "extensions": {"websocket.http.response": {}}}
    if kind == "http":
        scope["method"] = method
    await ROUTER(scope, None, send)  # type: ignore[arg-type]
    if "name" in sent[0]:
        return sent[0]["name"] if sent[0]["params"] is None else (sent[0]["name"], sent[0]["params"])
    return sent[0]["status"], orjson.loads(sent[1]["body"])["error"]["code"]


@pytest.mark.parametrize(
    ("path", "method", "kind", "expected"),
    [
        ("/hook", "GET", "http", "get"),
        ("/hook", "HEAD", "http", "get"),
        ("/hook", "POST", "http", "post"),
        ("/hook", "PUT", "http", (405, "method_not_allowed")),
        ("/hook", "", "websocket", "socket"),
        ("/hook/", "GET", "http", (404, "not_found")),
        ("/hook/7/x", "POST", "http", ("one", {"account": "7"})),
        ("/hook/7/8/x", "POST", "http", (404, "not_found")),
        ("/any.path", "PURGE", "http", "any"),
        ("/anyxpath", "GET", "http", (404, "not_found")),
        ("/api", "GET", "http", "tree"),
        ("/api/v1/x", "GET", "http", "tree"),
        ("/apis", "GET", "http", (404, "not_found")),
        ("/api/v1/x", "", "websocket", (404, "not_found")),
        ("/\ud800\n", "GET", "http", (404, "not_found")),
    ],
)
async def test_paths(path: str, method: str, kind: str, expected: object) -> None:
    assert await ask(path.encode("utf-8", "replace").decode(), method, kind) == expected


async def test_what_browsers_may_not_send() -> None:
    foreign = {"host": "localhost", "origin": "http://evil.example"}
    assert await ask("/hook", "POST", headers=foreign) == (403, "origin_foreign")
    assert await ask("/hook", kind="websocket", headers=foreign) == (403, "origin_foreign")
    assert await ask("/hook", "GET", headers=foreign) == "get"
    assert await ask("/hook", "POST", headers={"host": "localhost:1", "origin": "http://localhost:1"}) == "post"
    assert await ask("/hook", "POST", headers=foreign | {"authorization": "Bearer x"}) == "post"


async def test_the_socket_of_an_app_is_the_servers_own() -> None:
    seen: list[object] = []

    async def socket(scope: Any, receive: Any, send: Any) -> None:
        seen.extend((receive, send))

    async def receive() -> Any: ...
    async def send(message: Any) -> None: ...

    router = Router([Route("/ws", socket, kind="websocket")], {}, Names())
    await router({"type": "websocket", "path": "/ws", "headers": []}, receive, send)
    assert seen == [receive, send]


@pytest.mark.parametrize("methods", [(), ("GET",), ("POST", "GET")])
def test_two_claims_of_one_path_are_refused(methods: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError, match="/same"):
        Router([Route("/same", app("a"), methods=("GET",)), Route("/same", app("b"), methods=methods)], {}, Names())
