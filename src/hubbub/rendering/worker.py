"""The program of a worker process: jobs come in on standard input, pictures and documents go out on standard output.

A frame is its length (4 bytes, big-endian) and JSON; an answer's files follow it, their lengths are in it. An answer
with ``broken`` is the last one: the process ends.

Once it is warm, the process cannot open anything more, neither files nor connections, where the system knows such
limits.
"""

from __future__ import annotations

import json
import os
import signal
import struct
import sys
from collections.abc import Mapping
from typing import Any, BinaryIO

from hubbub.rendering.limits import Gauge, close_doors, limit_memory, widen
from hubbub.rendering.typesetting import Broken, TooLong, Typesetter, Unset

_LENGTH = struct.Struct(">I")


def main() -> int:
    """Serve until standard input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of the terminal: whoever started this process ends it
    source, target = sys.stdin.buffer, sys.stdout.buffer
    first = _read(source)
    if first is None:
        return 0
    widen(target.fileno())
    limit_memory(int(first["memory"]))
    typesetter = Typesetter()
    typesetter.warm_up()
    gauge = Gauge()
    close_doors()
    _write(target, {"ready": True}, [])
    while (job := _read(source)) is not None:
        try:
            answer, files = _done(typesetter, job, gauge)
        except Broken as error:
            _write(target, {"error": f"typst broke over it: {error}"[:500], "broken": True}, [])
            return 1
        _write(target, answer, files)
    return 0


def _done(typesetter: Typesetter, job: Mapping[str, Any], gauge: Gauge) -> tuple[dict[str, Any], list[bytes]]:
    try:
        files = typesetter.pictures(job) if job["kind"] == "picture" else [typesetter.document(job)]
    except Broken:
        raise
    except (TooLong, Unset) as error:
        return {"error": str(error)[:500]}, []
    except Exception as error:  # noqa: BLE001 - the process's loop: a job's fault is told, and the next is served
        return {"error": f"{type(error).__name__}: {error}"[:500]}, []
    return {"sizes": [len(each) for each in files], "memory": gauge.megabytes()}, files


def _read(source: BinaryIO) -> dict[str, Any] | None:
    head = source.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    body = source.read(_LENGTH.unpack(head)[0])
    found: dict[str, Any] = json.loads(body)
    return found


def _write(target: BinaryIO, answer: Mapping[str, Any], files: list[bytes]) -> None:
    body = json.dumps(answer).encode()
    target.write(_LENGTH.pack(len(body)) + body)
    for each in files:
        target.write(each)
    target.flush()


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    os._exit(status)  # nothing is left to do, and the interpreter's own ending takes a while
