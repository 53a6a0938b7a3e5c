"""Files of messages."""

from __future__ import annotations

import base64
import binascii
from urllib.parse import unquote_to_bytes

from hubbub.core.errors import MediaError, StoreError
from hubbub.core.messages import Blob, Media


class DataFiles:
    """Files that carry their content in their URL."""

    async def keep(self, blob: Blob, seconds: float) -> str:
        """See `ports.Files.keep`."""
        msg = f"there is no place for {blob.name or 'a file'} to be kept {seconds:.0f} s"
        raise StoreError(msg)

    async def fetch(self, media: Media) -> Blob:
        """See `ports.Files.fetch`."""
        scheme, _, rest = media.url.partition(":")
        head, comma, body = rest.partition(",")
        if scheme != "data" or not comma:
            msg = f"{scheme or 'no'} URLs cannot be fetched"
            raise MediaError(msg)
        try:
            data = base64.b64decode(body, validate=True) if head.endswith(";base64") else unquote_to_bytes(body)
        except binascii.Error as error:
            msg = "the data of a file is no base64"
            raise MediaError(msg) from error
        return Blob(data, head.partition(";")[0] or "text/plain", media.name)
