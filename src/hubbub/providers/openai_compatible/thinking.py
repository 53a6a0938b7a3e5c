"""Reasoning that a model writes into its answer between <think> and </think>, told apart from the answer."""

from __future__ import annotations

_OPEN = "<think>"
_CLOSE = "</think>"


class ThinkSplitter:
    """Feed it the pieces of an answer; only a block at the very beginning counts as reasoning.

    What may be half a mark is held back until the next piece, or `rest`, decides it.
    """

    def __init__(self) -> None:
        self._state = "start"
        self._held = ""
        self._begun = False  # something of the reasoning has come

    @property
    def idle(self) -> bool:
        """Everything from here on is answer; pieces need not be fed any more."""
        return self._state == "answer"

    def feed(self, piece: str) -> tuple[str, str]:
        """(answer, reasoning) that this piece adds."""
        if self._state == "answer":
            return piece, ""
        text = self._held + piece
        self._held = ""
        if self._state == "start":
            return self._begin(text)
        if self._state == "gap":
            return self._gap(text), ""
        return self._think(text)

    def rest(self) -> tuple[str, str]:
        """(answer, reasoning) that was held back, at the end of the stream."""
        held, self._held = self._held, ""
        return ("", held) if self._state == "thinking" else (held, "")

    def _begin(self, text: str) -> tuple[str, str]:
        bare = text.lstrip()
        if bare.startswith(_OPEN):
            self._state = "thinking"
            return self._think(bare[len(_OPEN) :])
        if _OPEN.startswith(bare):
            self._held = text
            return "", ""
        self._state = "answer"
        return text, ""

    def _think(self, text: str) -> tuple[str, str]:
        if not self._begun:
            text = text.lstrip()
            self._begun = bool(text)
        reasoning, found, answer = text.partition(_CLOSE)
        if found:
            self._state = "gap"
            return self._gap(answer), reasoning
        cut = len(text) - _half_mark(text)
        self._held = text[cut:]
        return "", text[:cut]

    def _gap(self, text: str) -> str:
        answer = text.lstrip()
        if answer:
            self._state = "answer"
        return answer


def _half_mark(text: str) -> int:
    """How many characters at the end of ``text`` may be the beginning of the closing mark."""
    for length in range(min(len(_CLOSE) - 1, len(text)), 0, -1):
        if _CLOSE.startswith(text[-length:]):
            return length
    return 0
