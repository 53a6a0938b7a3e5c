"""How a page shall look for whoever asks: language, colours, and what it may show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from hubbub.console.visitors import Visitor, cookies_of, is_secure
from hubbub.core.phrases import Phrase, Sentence
from hubbub.words import choose, say

if TYPE_CHECKING:
    from starlette.requests import Request

LANGUAGE_COOKIE = "hubbub-language"
THEME_COOKIE = "hubbub-theme"
_LONGEST_HEADER = 500

Theme = Literal["light", "dark", ""]


@dataclass(frozen=True, slots=True)
class Look:
    """``theme`` "" follows the device. ``host`` is how the browser calls the hub, ``address`` with its scheme."""

    language: str
    theme: Theme
    host: str
    secure: bool
    visitor: Visitor | None = None

    def say(self, key: str, **values: object) -> str:
        """A sentence in this language."""
        return say(Phrase(key, values), self.language)

    def phrase(self, phrase: Sentence) -> str:
        """A sentence that came from elsewhere."""
        return say(phrase, self.language)

    @property
    def address(self) -> str:
        """The hub's address as this browser reaches it."""
        return f"{'https' if self.secure else 'http'}://{self.host}"


def look_of(request: Request, visitor: Visitor | None, fallback: str) -> Look:
    """What the request's cookies and headers say; ``fallback`` is the hub's own language."""
    cookies = cookies_of(request)
    accepted = request.headers.get("accept-language", "")[:_LONGEST_HEADER]
    languages = [part.partition(";")[0].strip() for part in accepted.split(",")]
    theme = cookies.get(THEME_COOKIE, "")
    return Look(
        language=choose(cookies.get(LANGUAGE_COOKIE, ""), *languages, fallback),
        theme="dark" if theme == "dark" else "light" if theme == "light" else "",
        host=request.headers.get("host", "127.0.0.1:8080"),
        secure=is_secure(request),
        visitor=visitor,
    )
