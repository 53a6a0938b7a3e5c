"""What a page refuses, as the sentence that it says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hubbub.core.errors import HubbubError

if TYPE_CHECKING:
    from hubbub.core.phrases import Phrase


class PageError(HubbubError):
    """A request cannot be served; ``status`` is HTTP's."""

    status = 400

    def __init__(self, user_text: Phrase) -> None:
        """Carry the sentence."""
        super().__init__(user_text.key)
        self.user_text: Phrase = user_text


class Forbidden(PageError):
    """It comes from where it must not come from."""

    status = 403


class Missing(PageError):
    """There is no such thing, or it is somebody else's."""

    status = 404


class TooLarge(PageError):
    """The body is larger than a body may be."""

    status = 413


class TooSlow(PageError):
    """The body did not come in time."""

    status = 408


class LoginNeeded(HubbubError):
    """Whoever asks has to show who they are first."""
