"""Models for the OpenAI-compatible door that answer by a script, and make vectors."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from hubbub.core.models import ModelSpec
from hubbub.core.turns import ChatRequest
from tests.fakes.scripted import Script, ScriptedModels


class FakeRegistry(ScriptedModels):
    """`hubbub.api.services.ModelRegistry`; its model is called demo. ``failure`` is raised instead of vectors."""

    def __init__(self, *scripts: Script | Callable[[ChatRequest], Script], spec: ModelSpec | None = None) -> None:
        super().__init__(*scripts, spec=spec or ModelSpec("demo", id="SmolLM2-135M"))
        self.known = asyncio.Event()
        self.known.set()
        self.embedded: list[tuple[str, Mapping[str, object]]] = []
        self.failure: Exception | None = None

    async def embed(self, name: str, body: Mapping[str, object]) -> Mapping[str, object]:
        self.embedded.append((name, body))
        if self.failure is not None:
            raise self.failure
        texts = body["input"] if isinstance(body["input"], list) else [body["input"]]
        data = [{"object": "embedding", "index": index, "embedding": [0.5, -1.0]} for index, _ in enumerate(texts)]
        return {"object": "list", "data": data, "model": "vectors-1", "usage": {"prompt_tokens": 1, "total_tokens": 1}}
