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
        self._line = bytearray()  # the line that has not ended yet
        self._data: list[bytes] = []
        self._size = 0
        self._after_cr = False
        self._started = False

    def feed(self, chunk: bytes) -> list[bytes]:
        """The data of every event that ends in ``chunk``, lines joined by LF; events without data are left out.

        Raises:
            EventTooLargeError: an event has more bytes than the limit.
        """
        if self._after_cr and chunk[:1] == b"\n":  # the other half of a CRLF
            chunk = chunk[1:]
            self._after_cr = False
        if b"\r" in chunk:
            self._after_cr = chunk.endswith(b"\r")
            chunk = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        elif chunk:
            self._after_cr = False
        if b"\n" not in chunk:
            self._line += chunk
            self._check(len(self._line))
            return []
        return self._lines(chunk)

    def _lines(self, chunk: bytes) -> list[bytes]:
        lines = (bytes(self._line) + chunk).split(b"\n") if self._line else chunk.split(b"\n")
        self._line = bytearray(lines.pop())
        if not self._started:
            self._started = True
            lines[0] = lines[0].removeprefix(b"\xef\xbb\xbf")
        events: list[bytes] = []
        for line in lines:
            if not line:
                self._end_event(events)
            elif line[:5] == b"data:":
                self._add(line[6:] if line[5:6] == b" " else line[5:])
            elif line == b"data":
                self._add(b"")
        self._check(len(self._line))
        return events

    def _end_event(self, events: list[bytes]) -> None:
        if not self._data:
            return
        data = self._data[0] if len(self._data) == 1 else b"\n".join(self._data)
        self._data.clear()
        self._size = 0
        if data:
            events.append(data)

    def _add(self, data: bytes) -> None:
        self._check(len(data))
        self._data.append(data)
        self._size += len(data) + 1

    def _check(self, more: int) -> None:
        if self._size + more > self._limit:
            msg = f"an event of more than {self._limit} bytes"
            raise EventTooLargeError(msg)
