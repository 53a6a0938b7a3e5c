"""How the hub is doing, and which models it has."""

from __future__ import annotations

import orjson
from starlette.responses import Response

from hubbub.api.services import Services


class HubRoutes:
    """The handlers; one for the whole application."""

    def __init__(self, services: Services) -> None:
        """Reads the control and the list of models."""
        self._control = services.control
        self._models = services.models

    async def status(self) -> Response:
        """Tell how the hub is doing."""
        return Response(orjson.dumps(self._control.status()), media_type="application/json")

    async def models(self) -> Response:
        """List the models that can be asked."""
        return Response(orjson.dumps({"models": list(self._models())}), media_type="application/json")
