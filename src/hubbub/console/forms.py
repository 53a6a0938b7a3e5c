"""What a page's form sends, read within bounds."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from hubbub.console.errors import PageError, TooLarge, TooSlow
from hubbub.core.phrases import Phrase

if TYPE_CHECKING:
    from starlette.requests import Request

BODY_SECONDS = 60.0
MOST_FIELDS = 40
SMALL = 65_536


class Form:
    """The fields of one form, in their order."""

    def __init__(self, fields: list[tuple[str, str]]) -> None:
        """A name may come more than once."""
        self._fields = fields

    def get(self, name: str, longest: int = 1_000) -> str:
        """The first field of a name without what no text has; "" without one. Cut where it is too long."""
        return next((value[:longest].replace("\x00", "") for key, value in self._fields if key == name), "")

    def all(self, name: str) -> list[str]:
        """All fields of a name."""
        return [value for key, value in self._fields if key == name]


async def form_of(request: Request, limit: int = SMALL) -> Form:
    """The form in a request's body.

    Raises:
        TooLarge: it has more than ``limit`` bytes.
        TooSlow: it did not come in time.
        PageError: it is no form.
    """
    body = await _body(request, limit)
    try:
        text = body.decode("utf-8")
        return Form(parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict"))
    except ValueError as error:
        raise PageError(Phrase("page.error_form")) from error


async def _body(request: Request, limit: int) -> bytes:
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced[:18]) > limit:
        raise TooLarge(Phrase("page.error_large"))
    read = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for piece in request.stream():
                read += piece
                if len(read) > limit:
                    raise TooLarge(Phrase("page.error_large"))
    except TimeoutError as error:
        raise TooSlow(Phrase("page.error_form")) from error
    return bytes(read)
