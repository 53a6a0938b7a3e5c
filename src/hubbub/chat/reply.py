"""A model's answer while it comes in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hubbub.core.ports import Streamed

if TYPE_CHECKING:
    from collections.abc import Callable

    from hubbub.core.turns import Delta, ToolCall, Usage


class Reply:
    """What came so far. Pieces are handed to ``pieces`` as they come, if somebody wants them.

    An answer has several rounds where the model uses tools; what it says in each is one answer to the person.
    ``tool_calls``, ``finish`` and ``usage`` are those of the round that runs.
    """

    __slots__ = (
        "_before", "_content", "_gap", "_pieces", "_reasoning", "_thought", "finish", "model", "model_id",
        "tool_calls", "usage",
    )  # fmt: skip

    def __init__(self, pieces: Callable[[Streamed], None] | None = None) -> None:
        self._pieces = pieces
        self._before = self._thought = ""
        self._content: list[str] = []
        self._reasoning: list[str] = []
        self._gap = False
        self.model = ""
        self.model_id = ""
        self.finish = ""
        self.usage: Usage | None = None
        self.tool_calls: tuple[ToolCall, ...] = ()

    def add(self, delta: Delta) -> None:
        """Take one piece. Cheap: called for every token."""
        if delta.content:
            if self._gap:
                self._begin()
            self._content.append(delta.content)
        if delta.reasoning:
            self._reasoning.append(delta.reasoning)
        if self._pieces is not None and (delta.content or delta.reasoning):
            self._pieces(Streamed(delta.content, delta.reasoning))
        if delta.tool_calls:
            self.tool_calls = delta.tool_calls
        self.finish = delta.finish or self.finish
        self.model = delta.model or self.model
        self.usage = delta.usage or self.usage

    def next_round(self) -> None:
        """The model is asked again, with what its tools said."""
        self._before, self._thought = self.words, self.thought
        self._gap = bool(self._before.strip())
        self._content.clear()
        self._reasoning.clear()
        self.finish, self.usage, self.tool_calls = "", None, ()

    def note(self, text: str) -> None:
        """Show what is being done meanwhile to whoever listens."""
        if self._pieces is not None:
            self._pieces(Streamed(note=text))

    def _begin(self) -> None:
        """What a round says stands apart from what was said before."""
        self._gap = False
        self._before += "\n\n"
        if self._pieces is not None:
            self._pieces(Streamed("\n\n"))

    @property
    def listened(self) -> bool:
        """Pieces are handed on."""
        return self._pieces is not None

    @property
    def begun(self) -> bool:
        """Something came in this round that may have been shown to somebody."""
        return bool(self._content or self._reasoning)

    @property
    def said(self) -> str:
        """The words of this round, without blanks around them."""
        return "".join(self._content).strip()

    @property
    def content(self) -> str:
        """The words of the answer, without blanks around them."""
        return self.words.strip()

    @property
    def words(self) -> str:
        """The words exactly as they came."""
        return self._before + "".join(self._content)

    @property
    def thought(self) -> str:
        """What the model thought, exactly as it came."""
        return self._thought + "".join(self._reasoning)

    @property
    def pondered(self) -> str:
        """What it thought in this round."""
        return "".join(self._reasoning).strip()

    @property
    def reasoning(self) -> str:
        """What the model thought before it answered."""
        return self.thought.strip()
