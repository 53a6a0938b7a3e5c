"""How the hub is doing, and which models it has."""

from __future__ import annotations

from dataclasses import replace

import orjson
from starlette.responses import Response

from hubbub.api.native.convert import node_json
from hubbub.api.services import Services
from hubbub.core.store import Shared
from hubbub.words import say


class HubRoutes:
    """The handlers; one for the whole application."""

    def __init__(self, services: Services) -> None:
        """Reads the control, the list of models and that of processes."""
        self._control = services.control
        self._models = services.models
        self._store = services.store

    async def status(self) -> Response:
        """Tell how the hub is doing."""
        found = self._control.status()
        accounts = [replace(each, detail=say(each.detail, "en")) for each in found.accounts]
        shown = replace(found, accounts=tuple(accounts), model_reason=say(found.model_reason, "en"))
        return Response(orjson.dumps(shown), media_type="application/json")

    async def nodes(self) -> Response:
        """List the processes that share the hub's database, and what each holds."""
        members = await self._store.members() if isinstance(self._store, Shared) else ()
        return Response(orjson.dumps({"nodes": list(map(node_json, members))}), media_type="application/json")

    async def models(self) -> Response:
        """List the models that can be asked."""
        shown = [replace(each, note=say(each.note, "en")) for each in self._models()]
        return Response(orjson.dumps({"models": shown}), media_type="application/json")
