"""One streamed answer: bytes in, deltas out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hubbub.core.turns import Delta
from hubbub.providers.openai_compatible.failures import Cause, ModelError, failure
from hubbub.providers.openai_compatible.sse import EventStream, EventTooLargeError

if TYPE_CHECKING:
    from hubbub.providers.openai_compatible.answer import AnswerReader

LONGEST_ANSWER = 16 * 1024 * 1024


class StreamedAnswer:
    """Feed it chunks until `over`, then ask for the `end`.

    What came before a fault is given out first; the fault is raised by `end`.
    """

    def __init__(self, reader: AnswerReader, *, streamed: bool) -> None:
        """``streamed`` False: the server sends one whole answer instead of events."""
        self._reader = reader
        self._events = EventStream() if streamed else None
        self._whole = bytearray()
        self._size = 0
        self._done = False
        self._fault: ModelError | None = None
        self.over = False

    def feed(self, chunk: bytes) -> Delta | None:
        """What a chunk adds (the pieces in one chunk are joined); no bytes mean the end of the body."""
        self._size += len(chunk)
        if self._size > LONGEST_ANSWER:
            self._fault = failure(Cause.FAILED, f"an answer of more than {LONGEST_ANSWER} bytes")
        if not chunk or self._fault:
            self.over = True
            return None
        if self._events is None:
            self._whole += chunk
            return None
        return self._read(self._events, chunk)

    def _read(self, events: EventStream, chunk: bytes) -> Delta | None:
        try:
            for data in events.feed(chunk):
                if data == b"[DONE]":
                    self._done = self.over = True
                    break
                self._reader.piece(data)
        except EventTooLargeError as error:
            self._fault = failure(Cause.FAILED, str(error))
        except ModelError as error:
            self._fault = error
        self.over = self.over or self._fault is not None
        return self._reader.taken()

    def end(self) -> Delta:
        """The last delta.

        Raises:
            ModelError: the stream was broken, broke off, or held nothing.
        """
        if self._fault is not None:
            raise self._fault
        if self._events is None:
            # Whoever reads documents waits for pieces, which this one is not.
            return replace(self._reader.whole(bytes(self._whole)), raw=())
        return self._reader.end(done=self._done)
