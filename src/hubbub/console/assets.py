"""The files that pages refer to: read once, compressed once, served from memory under names that change with them."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.responses import Response

from hubbub.console.errors import Missing
from hubbub.core.phrases import Phrase

if TYPE_CHECKING:
    from starlette.requests import Request

FOLDER = Path(__file__).parent / "static"
_KINDS = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class Asset:
    """One file: what it is, its content, and the same compressed."""

    kind: str
    content: bytes
    compressed: bytes
    mark: str


class Assets:
    """All files of the folder, by their names."""

    def __init__(self, folder: Path = FOLDER) -> None:
        """Reads them; called in a thread."""
        self._assets = {path.name: _read(path) for path in sorted(folder.iterdir()) if path.suffix in _KINDS}

    def address(self, name: str) -> str:
        """Where a page finds a file; changes when the file does, so that it may be kept for ever."""
        return f"/assets/{name}?v={self._assets[name].mark}"

    async def serve(self, request: Request) -> Response:
        """The route. Raises Missing."""
        asset = self._assets.get(request.path_params["name"])
        if asset is None:
            raise Missing(Phrase("page.error_missing"))
        headers = {
            "cache-control": "public, max-age=31536000, immutable",
            "x-content-type-options": "nosniff",
            "cross-origin-resource-policy": "same-origin",
            "vary": "accept-encoding",
        }
        if "gzip" in request.headers.get("accept-encoding", ""):
            return Response(asset.compressed, headers=headers | {"content-encoding": "gzip"}, media_type=asset.kind)
        return Response(asset.content, headers=headers, media_type=asset.kind)


def _read(path: Path) -> Asset:
    content = path.read_bytes()
    compressed = gzip.compress(content, 9, mtime=0)
    return Asset(_KINDS[path.suffix], content, compressed, hashlib.sha256(content).hexdigest()[:12])
