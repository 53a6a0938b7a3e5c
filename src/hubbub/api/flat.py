"""Pictures of one colour: icons, and what stands for a picture that nobody draws."""

from __future__ import annotations

import struct
import zlib


def flat_png(width: int, height: int, colour: bytes) -> bytes:
    """A PNG of one colour (three bytes)."""
    rows = (b"\x00" + colour * width) * height
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
