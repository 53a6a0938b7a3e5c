"""Which application serves which path: a dictionary for plain paths, patterns only where a path has a parameter.

Nothing stands between a WebSocket and its application once it is open: it gets the server's own ``receive`` and
``send``. What is looked at is the opening request, and requests that change something, for being sent by a browser
from another page.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote

from hubbub.api.answers import refuse
from hubbub.api.errors import FOREIGN, Refusal
from hubbub.api.origins import Names
from hubbub.core.asgi import Receive, Scope, Send
from hubbub.core.errors import ConfigError
from hubbub.core.ports import ASGIApp, Route

SAFE = frozenset(("GET", "HEAD", "OPTIONS"))


class Router:
    """The ASGI application of the whole server."""

    def __init__(self, routes: Iterable[Route], trees: Mapping[str, ASGIApp], names: Names) -> None:
        """``trees``: applications that serve everything under a path.

        Raises:
            ConfigError: two routes claim one path.
        """
        self._names = names
        self._trees = dict(trees)
        self._exact: dict[tuple[str, str], list[Route]] = {}
        self._patterns: list[tuple[re.Pattern[str], Route]] = []
        for route in routes:
            self._add(route)

    def _add(self, route: Route) -> None:
        if "{" in route.path:
            self._patterns.append((_pattern(route.path), route))
            return
        others = self._exact.setdefault((route.kind, route.path), [])
        for other in others:
            if not other.methods or not route.methods or not set(other.methods).isdisjoint(route.methods):
                msg = f"two parts of the hub want to serve {route.path}: change the path of one of them"
                raise ConfigError(msg)
        others.append(route)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or WebSocket."""
        websocket = scope["type"] == "websocket"
        if (websocket or scope["method"] not in SAFE) and self._names.foreign(scope["headers"]):
            await refuse(scope, send, FOREIGN)
            return
        found = self._find(scope)
        if isinstance(found, Refusal):
            await refuse(scope, send, found)
        else:
            await found(scope, receive, send)

    def _find(self, scope: Scope) -> ASGIApp | Refusal:
        path: str = scope["path"]
        routes = self._exact.get((scope["type"], path)) or self._match(scope)
        if routes:
            return _of_method(routes, scope)
        if scope["type"] == "http":
            for root, app in self._trees.items():
                if path == root or (path.startswith(root) and path[len(root)] == "/"):
                    return app
        return Refusal(404, "not_found", f"Nothing is served at {quote(path[:200])}; /docs lists what is.")

    def _match(self, scope: Scope) -> list[Route]:
        found = []
        for pattern, route in self._patterns:
            if route.kind == scope["type"] and (match := pattern.fullmatch(scope["path"])):
                scope["path_params"] = match.groupdict()
                found.append(route)
        return found


def _of_method(routes: list[Route], scope: Scope) -> ASGIApp | Refusal:
    if scope["type"] == "websocket":
        return routes[0].app
    method = scope["method"]
    for route in routes:
        if not route.methods or method in route.methods or (method == "HEAD" and "GET" in route.methods):
            return route.app
    allowed = ", ".join(sorted({method for route in routes for method in route.methods}))
    return Refusal(405, "method_not_allowed", f"Use {allowed} here.", {"allow": allowed})


def _pattern(path: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", path)
    return re.compile(
        "".join(f"(?P<{part}>[^/]+)" if index % 2 else re.escape(part) for index, part in enumerate(parts))
    )
