"""What the chat needs of the models: the part of `hubbub.chat.models` that it calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from hubbub.core.models import ModelSpec
    from hubbub.core.turns import ChatRequest, Delta


class ModelSource(Protocol):
    """Models by the hub's names for them."""

    def stream(self, request: ChatRequest) -> AsyncIterator[Delta]:
        """Ask the model that the request names ("": the default one). Raises ProviderError."""

    def default(self) -> ModelSpec:
        """The model of whoever chose none. Raises ProviderError if there is none at all."""

    def find(self, name: str) -> ModelSpec | None:
        """The model of a name."""
