"""What can go wrong with a model of our own, with what to do about it."""

from __future__ import annotations

import errno

from hubbub.core.errors import ProviderError
from hubbub.core.phrases import Phrase


class EmbeddedError(ProviderError):
    """The model cannot run. The message says why and what to do; another model may answer instead."""

    def __init__(self, message: str) -> None:
        """``message`` is for the operator."""
        super().__init__(message, user_text=Phrase("error.model_failed"), retryable=True)


def of_disk(error: OSError, what: str) -> EmbeddedError:
    """The failure that an error of the file system is."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return EmbeddedError(f"no space left to {what}: free some, or set HUBBUB_DATA_DIR to a larger disk")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return EmbeddedError(f"cannot {what}: {error}; make the data folder writable for the hub's user")
    return EmbeddedError(f"cannot {what}: {error}")
