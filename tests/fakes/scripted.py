"""A model source that answers by a script and remembers what it was asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence

from hubbub.core.errors import ProviderError
from hubbub.core.models import ModelSpec
from hubbub.core.phrases import Phrase
from hubbub.core.turns import ChatRequest, Delta, ModelInfo

Step = Delta | ProviderError | float | str | asyncio.Event
Script = Sequence[Step]


class ScriptedModels:
    """Each request takes the next script, the last one for ever.

    A step is a piece, words (a piece), seconds to wait, an event to wait for, or a failure to raise.
    Closing is counted in ``closed``.
    """

    def __init__(self, *scripts: Script | Callable[[ChatRequest], Script], spec: ModelSpec | None = None) -> None:
        self._scripts = list(scripts) or [["hello", Delta(finish="stop", model="m-1")]]
        self.specs = [spec or ModelSpec("main", id="m-1")]
        self.requests: list[ChatRequest] = []
        self.closed = 0

    def stream(self, request: ChatRequest) -> AsyncIterator[Delta]:
        self.requests.append(request)
        script = self._scripts.pop(0) if len(self._scripts) > 1 else self._scripts[0]
        return self._run(script(request) if callable(script) else script)

    async def _run(self, script: Script) -> AsyncIterator[Delta]:
        try:
            for step in script:
                if isinstance(step, ProviderError):
                    raise step
                if isinstance(step, float):
                    await asyncio.sleep(step)
                elif isinstance(step, asyncio.Event):
                    await step.wait()
                elif isinstance(step, str):
                    yield Delta(step)
                else:
                    yield step
        finally:
            self.closed += 1

    def default(self) -> ModelSpec:
        return self.specs[0]

    def find(self, name: str) -> ModelSpec | None:
        return next((spec for spec in self.specs if spec.name == name), None)

    def list(self) -> Sequence[ModelInfo]:
        return [ModelInfo(spec.name, spec.provider, spec.id) for spec in self.specs]


def whole(text: str) -> Script:
    """An answer in one piece."""
    return [Delta(text, finish="stop", model="m-1")]


def failing(key: str = "error.model_failed", status: int = 500) -> Script:
    """A model that does not answer."""
    return [ProviderError("upstream said no", user_text=Phrase(key), status=status)]
