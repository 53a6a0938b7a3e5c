"""Reading the log file again, in either form: the last entries, those of an error, and what is added."""

from __future__ import annotations

import json
import os
import re
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from hubbub.app.logfile import LogFile

_TEXT = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\.(\d{3}) ([A-Z]+) ([\w.]+): (.*)")
_LONGEST = 10_000  # lines of one entry


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the log. ``time`` in seconds since the epoch; ``trace``: the lines below it; ``raw``: as written."""

    time: float
    level: str
    logger: str
    message: str
    trace: str
    raw: str

    def names(self, word: str) -> bool:
        """Whether it has this word, such as the id of an error."""
        return re.search(rf"(?<!\w){re.escape(word)}(?!\w)", self.raw) is not None


Wanted = Callable[[Entry], bool]


def last(file: LogFile, count: int, wanted: Wanted) -> Sequence[Entry]:
    """The newest ``count`` entries that are wanted, oldest first, from all files."""
    found: deque[Entry] = deque()
    for path in file.all():
        with path.open(encoding="utf-8", errors="replace") as stream:
            newest = deque(filter(wanted, entries(stream)), maxlen=count - len(found))
        found.extendleft(reversed(newest))
        if len(found) >= count:
            break
    return found


def entries(lines: Iterable[str]) -> Iterator[Entry]:
    """Entries of lines; a line that begins none belongs to the one before it."""
    block: list[str] = []
    for line in lines:
        if block and (_begins(line) or len(block) >= _LONGEST):
            yield _entry(block)
            block = []
        block.append(line.rstrip("\n"))
    if block:
        yield _entry(block)


def follow(path: Path, wanted: Wanted, pause: float = 0.25) -> Generator[Entry]:
    """What is added from now on, for ever; looks again every ``pause`` seconds, also when a new file has begun."""
    stream = _opened(path)
    if stream is not None:
        stream.seek(0, os.SEEK_END)
    try:
        while True:
            whole = stream is None or not _same(stream, path)
            if stream is not None:
                yield from filter(wanted, entries(_whole_lines(stream)))
            if whole:
                if stream is not None:
                    stream.close()
                stream = _opened(path)
            if stream is None or not whole:
                time.sleep(pause)
    finally:
        if stream is not None:
            stream.close()


def _opened(path: Path) -> TextIO | None:
    try:
        return path.open(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return None


def _whole_lines(stream: TextIO) -> Iterator[str]:
    """Lines that are there with their end; half a line is left for the next time."""
    while True:
        at = stream.tell()
        line = stream.readline()
        if not line.endswith("\n"):
            stream.seek(at)
            return
        yield line


def _same(stream: TextIO, path: Path) -> bool:
    """Whether the path still leads to the file that is open, and that was not begun anew."""
    try:
        now = path.stat()
    except FileNotFoundError:
        return True  # between two files: look again
    return now.st_ino == os.fstat(stream.fileno()).st_ino and now.st_size >= stream.tell()


def _begins(line: str) -> bool:
    return line.startswith('{"time": ') or _TEXT.match(line) is not None


def _entry(block: Sequence[str]) -> Entry:
    raw, rest = "\n".join(block), "\n".join(block[1:])
    if block[0].startswith('{"time": '):
        return _of_json(block[0], raw)
    found = _TEXT.match(block[0])
    if found is None:
        return Entry(0.0, "", "", block[0], rest, raw)
    when = time.mktime(time.strptime(found[1], "%Y-%m-%d %H:%M:%S")) + int(found[2]) / 1000
    return Entry(when, found[3], found[4], found[5], rest, raw)


def _of_json(line: str, raw: str) -> Entry:
    try:
        fields = json.loads(line)
        at, trace = float(fields["time"]), str(fields.get("trace", ""))
        return Entry(at, fields["level"], fields["logger"], fields["message"], trace, raw)
    except (ValueError, KeyError, TypeError):
        return Entry(0.0, "", "", line, "", raw)  # cut off by a crash: shown as it is
