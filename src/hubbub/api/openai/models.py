"""The hub's models as this API names them."""

from __future__ import annotations

import asyncio
from typing import Annotated

import orjson
from fastapi import Path
from starlette.responses import Response

from hubbub.api.errors import Refused
from hubbub.api.openai.errors import no_such_model
from hubbub.api.services import ModelRegistry, Services
from hubbub.core.models import ModelSpec

KNOWN_SECONDS = 15.0
DEFAULT = "default"
MEMORY = "@memory"
OWNER = "hubbub"
"""Who owns every model here; by it a hub that looks for local models knows another, and leaves it out."""


class Names:
    """Finds models by what clients call them."""

    def __init__(self, services: Services, registry: ModelRegistry) -> None:
        """Asks both each time: models may still be looked for."""
        self._infos = services.models
        self._registry = registry

    async def ready(self) -> None:
        """Wait until models have been looked for.

        Raises:
            Refused: 503, it takes long.
        """
        try:
            async with asyncio.timeout(KNOWN_SECONDS):
                await self._registry.known.wait()
        except TimeoutError as error:
            message = "The hub is still looking for its models. Try again in 5 s."
            raise Refused(503, "starting", message, {"retry-after": "5"}) from error

    async def find(self, name: str) -> ModelSpec:
        """The model of a name, of a provider's id, or the hub's own choice ("default").

        Raises:
            BadField: there is none of this name.
            ProviderError: there is no model at all.
        """
        await self.ready()
        found = self._registry.find(name) or self._registry.find(self._of_id(name))
        if found is None and name.lower() == DEFAULT:
            found = self._registry.default()
        if found is None:
            raise no_such_model(name)
        return found

    def _of_id(self, model_id: str) -> str:
        return next((info.name for info in self._infos() if info.id == model_id), "")


class ModelRoutes:
    """The handlers; one for the whole application."""

    def __init__(self, services: Services, names: Names) -> None:
        """Reads the list of models."""
        self._infos = services.models
        self._control = services.control
        self._names = names

    async def listed(self) -> Response:
        """List the models, each also with the hub's memory."""
        await self._names.ready()
        names = [info.name for info in self._infos()]
        data = [self._json(name) for name in (*names, *(name + MEMORY for name in names))]
        return _json_response({"object": "list", "data": data})

    async def shown(self, model: Annotated[str, Path(max_length=300, description="The model's name")]) -> Response:
        """Show one model."""
        plain = model.removesuffix(MEMORY)
        found = await self._names.find(plain)
        return _json_response(self._json(found.name + model[len(plain) :]))

    def _json(self, name: str) -> dict[str, object]:
        created = int(self._control.status().started_at)
        return {"id": name, "object": "model", "created": created, "owned_by": OWNER}


def _json_response(document: dict[str, object]) -> Response:
    return Response(orjson.dumps(document), media_type="application/json", headers={"cache-control": "no-store"})
