"""A model's answer while it comes in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hubbub.core.ports import Streamed

if TYPE_CHECKING:
    from collections.abc import Callable

    from hubbub.core.turns import Delta, Usage


class Reply:
    """What came so far. Pieces are handed to ``pieces`` as they come, if somebody wants them."""

    __slots__ = ("_content", "_pieces", "_reasoning", "finish", "model", "model_id", "usage")

    def __init__(self, pieces: Callable[[Streamed], None] | None = None) -> None:
        self._pieces = pieces
        self._content: list[str] = []
        self._reasoning: list[str] = []
        self.model = ""
        self.model_id = ""
        self.finish = ""
        self.usage: Usage | None = None

    def add(self, delta: Delta) -> None:
        """Take one piece. Cheap: called for every token."""
        if delta.content:
            self._content.append(delta.content)
        if delta.reasoning:
            self._reasoning.append(delta.reasoning)
        if self._pieces is not None and (delta.content or delta.reasoning):
            self._pieces(Streamed(delta.content, delta.reasoning))
        self.finish = delta.finish or self.finish
        self.model = delta.model or self.model
        self.usage = delta.usage or self.usage

    @property
    def listened(self) -> bool:
        """Pieces are handed on."""
        return self._pieces is not None

    @property
    def begun(self) -> bool:
        """Something came that may have been shown to somebody."""
        return bool(self._content or self._reasoning)

    @property
    def content(self) -> str:
        """The words of the answer, without blanks around them."""
        return "".join(self._content).strip()

    @property
    def words(self) -> str:
        """The words exactly as they came."""
        return "".join(self._content)

    @property
    def thought(self) -> str:
        """What the model thought, exactly as it came."""
        return "".join(self._reasoning)

    @property
    def reasoning(self) -> str:
        """What the model thought before it answered."""
        return "".join(self._reasoning).strip()
