"""Server-sent events out of a stream of bytes, as the HTML standard parses them.

Only the data of events is of interest here: names, ids and comments are passed over.
"""

from __future__ import annotations


class EventTooLargeError(Exception):
    """One event is longer than the bound."""


class EventStream:
    """Feed it bytes as they come; it gives the data of each event that they complete.

    Chunks may be cut anywhere, inside a character too. At the end of the bytes an event without its blank line does
    not count.
    """

    def __init__(self, limit: int = 4 * 1024 * 1024) -> None:
        """``limit``: most bytes of one event."""
        self._limit = limit
        self._pending = bytearray()  # the event that has not ended yet
        self._after_cr = False
        self._started = False

    def feed(self, chunk: bytes) -> list[bytes]:
        """The data of every event that ends in ``chunk``, lines joined by LF; events without data are left out.

        Raises:
            EventTooLargeError: an event has more bytes than the limit.
        """
        if self._after_cr or b"\r" in chunk:
            chunk = self._without_cr(chunk)
        pending = self._pending
        if b"\n\n" not in chunk and not (chunk[:1] == b"\n" and pending.endswith(b"\n")):
            pending += chunk
            self._check(len(pending))
            return []
        blocks = (bytes(pending) + chunk if pending else chunk).split(b"\n\n")
        self._pending = bytearray(blocks.pop())
        self._check(len(self._pending))
        if not self._started:
            self._started = True
            blocks[0] = blocks[0].removeprefix(b"\xef\xbb\xbf")
        events = []
        for block in blocks:
            # Nearly every event is one line of data.
            data = block[6:] if block[:6] == b"data: " and b"\n" not in block else _data_of(block)
            if data:
                self._check(len(data))
                events.append(data)
        return events

    def _without_cr(self, chunk: bytes) -> bytes:
        """CR and CRLF as LF, also where a CRLF is cut in two."""
        if self._after_cr and chunk[:1] == b"\n":
            chunk = chunk[1:]
            self._after_cr = False
        if chunk:
            self._after_cr = chunk[-1:] == b"\r"
        return chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")

    def _check(self, size: int) -> None:
        if size > self._limit:
            msg = f"an event of more than {self._limit} bytes"
            raise EventTooLargeError(msg)


def _data_of(block: bytes) -> bytes:
    lines = []
    for line in block.split(b"\n"):
        name, _, value = line.partition(b":")
        if name == b"data":
            lines.append(value[1:] if value[:1] == b" " else value)
    return b"\n".join(lines)
