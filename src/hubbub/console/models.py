"""The models that can be asked, and a first word with each."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from starlette.responses import HTMLResponse, Response

from hubbub.console.errors import Missing
from hubbub.console.forms import form_of
from hubbub.console.templates import HEADERS
from hubbub.console.writing import markdown_html
from hubbub.core.errors import ProviderError
from hubbub.core.phrases import Phrase
from hubbub.core.turns import ChatRequest, Delta, Turn

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from starlette.requests import Request

    from hubbub.console.desk import Desk
    from hubbub.console.looks import Look

log = logging.getLogger(__name__)

HELLO_SECONDS = 90.0
LONGEST_HELLO = 2_000


@dataclass(slots=True)
class Hello:
    """What a model answered: ``first`` and ``whole`` are seconds until its first piece and its end."""

    text: str = ""
    first: float = 0.0
    whole: float = 0.0
    problem: str = ""
    error_id: str = ""


class ModelPages:
    """The page about models."""

    def __init__(self, desk: Desk) -> None:
        """Asks the models of the desk's services."""
        self._desk = desk
        self._services = desk.services

    async def show(self, request: Request) -> Response:
        """All models, the default first."""
        look, _ = await self._desk.owner_visits(request)
        hub, models = self._services.control.status(), self._services.models()
        return self._desk.page(request, "models.html", look, here="models", hub=hub, models=models)

    async def hello(self, request: Request) -> Response:
        """Say hello to one and show what it answers."""
        look, _ = await self._desk.owner_writes(request)
        name = (await form_of(request)).get("model")
        if all(each.name != name for each in self._services.models()):
            raise Missing(Phrase("page.error_missing"))
        hello = await self._hello(name, look)
        answer = markdown_html(hello.text, look.language) if hello.text else ""
        html = self._desk.templates.part("hello.html", look, hello=hello, answer=answer)
        return HTMLResponse(html, headers=dict(HEADERS))

    async def _hello(self, name: str, look: Look) -> Hello:
        hello, began = Hello(), time.monotonic()
        request = ChatRequest(name, (Turn("user", look.say("console.hello_words")),), stream=True)
        try:
            async with (
                asyncio.timeout(HELLO_SECONDS),
                aclosing(cast("AsyncGenerator[Delta]", self._services.ask(request))) as deltas,
            ):
                async for delta in deltas:
                    if delta.content or delta.reasoning:
                        hello.first = hello.first or time.monotonic() - began
                    hello.text += delta.content
                    if len(hello.text) > LONGEST_HELLO:
                        break
        except (ProviderError, TimeoutError) as error:
            phrase = (error.user_text if isinstance(error, ProviderError) else None) or Phrase("error.model_timeout")
            hello.error_id = secrets.token_hex(4)
            log.error("error %s: %s did not answer a hello: %s", hello.error_id, name, error or "too slow")  # noqa: TRY400 - an expected kind
            hello.problem = look.phrase(Phrase(phrase.key, {**phrase.values, "id": hello.error_id}))
        hello.whole = time.monotonic() - began
        return hello
