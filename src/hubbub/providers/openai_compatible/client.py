"""The client: one model asked over HTTP, again while nothing has come and there is hope."""

from __future__ import annotations

import asyncio
import random
from contextlib import aclosing
from typing import TYPE_CHECKING

import orjson

from hubbub.core.turns import ChatRequest, Delta, ModelInfo
from hubbub.providers.openai_compatible.answer import AnswerReader, read_vectors
from hubbub.providers.openai_compatible.failures import Cause, ModelError, failure
from hubbub.providers.openai_compatible.link import Link
from hubbub.providers.openai_compatible.quirks import Quirks
from hubbub.providers.openai_compatible.spoken import Spoken
from hubbub.providers.openai_compatible.streamed import StreamedAnswer
from hubbub.providers.openai_compatible.tries import Tries
from hubbub.providers.openai_compatible.wire import body_of, handed_on

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence

    import aiohttp

    from hubbub.core.models import ModelSpec
    from hubbub.core.ports import ModelServer

LONGEST_VECTORS = 64 * 1024 * 1024


class OpenAICompatible:
    """A provider of one model. Keeps `hubbub.core.ports.Provider`.

    An answer that is not streamed comes as one delta. Before the first delta a request is made up to
    ``spec.attempts`` times; what is raised after it is never worth a repetition.
    """

    def __init__(
        self,
        spec: ModelSpec,
        session: aiohttp.ClientSession | None = None,
        server: ModelServer | None = None,
        *,
        backoff: float = 0.5,
    ) -> None:
        """Without a session the client makes its own; ``server`` gives the address of a server that the hub runs.

        ``backoff``: seconds before the second attempt, doubled with each.

        Raises:
            ConfigError: the base URL or the proxy cannot be used.
        """
        self._spec = spec
        self._link = Link(spec, session, server)
        self._quirks = Quirks()
        self._spoken = Spoken()
        self._backoff = backoff
        self._random = random.Random()  # noqa: S311 - spreads retries, guards nothing
        self._path = "/completions" if spec.api == "completions" else "/chat/completions"
        self._id = spec.id or (spec.name if server else "")

    @property
    def name(self) -> str:
        """The hub's name for the model."""
        return self._spec.name

    async def stream(self, request: ChatRequest) -> AsyncIterator[Delta]:
        """Ask; ``request.model`` may name another id of the same server. Closing the iterator stops the model.

        Raises:
            ProviderError: no answer, or it broke off.
        """
        tries = self._tries()
        while True:
            began = False
            try:
                if not request.stream:
                    yield await self._whole(request)
                    return
                async with aclosing(self._pieces(request)) as deltas:
                    async for delta in deltas:
                        began = True
                        yield delta
            except ModelError as error:
                if began:
                    error.retryable = False
                    raise
                await tries.again(error)
            else:
                return

    async def embed(self, body: Mapping[str, object], model: str = "") -> Mapping[str, object]:
        """See `hubbub.core.ports.CanEmbed`."""
        tries = self._tries()
        while True:
            try:
                return await self._embedded(body, model)
            except ModelError as error:
                await tries.again(error)

    async def models(self) -> Sequence[ModelInfo]:
        """What the server lists. Raises ProviderError when it cannot tell."""
        try:
            async with asyncio.timeout(self._spec.timeouts.first_byte):
                response = await self._link.open("/models", None)
                async with response:
                    body = await self._link.read(response)
        except TimeoutError as error:
            raise failure(Cause.TIMEOUT, "the list of models did not come") from error
        return [ModelInfo(name=found, provider=self._spec.name, id=found) for found in _ids(body)]

    async def warm_up(self) -> None:
        """Have a server that the hub runs itself running; of any other nothing is asked. Raises ProviderError."""
        await self._link.ready()

    async def close(self) -> None:
        """Let go of connections, and of the server if the hub runs it."""
        await self._link.close()

    def _reader(self, request: ChatRequest) -> AnswerReader:
        return AnswerReader(self._link.secrets, keep=handed_on(self._spec, request))

    async def _embedded(self, body: Mapping[str, object], model: str) -> Mapping[str, object]:
        await self._link.ready()
        asked = {**body, "model": model or self._id or _first(await self.models())}
        try:
            async with asyncio.timeout(self._spec.timeouts.whole):
                response = await self._link.open("/embeddings", orjson.dumps(asked))
                async with response:
                    answer = await self._link.read(response, LONGEST_VECTORS)
        except TimeoutError as error:
            raise failure(Cause.TIMEOUT, f"no answer within {self._spec.timeouts.whole:g} s") from error
        return read_vectors(answer, self._link.secrets)

    async def _whole(self, request: ChatRequest) -> Delta:
        data = await self._data(request)
        try:
            # The library's own timer: cheaper than one around it, and this is the road of every answer.
            response = await self._open(data, whole=True)
            async with response:
                answer = await self._link.read(response)
        except TimeoutError as error:
            raise failure(Cause.TIMEOUT, f"no answer within {self._spec.timeouts.whole:g} s") from error
        return self._reader(request).whole(answer)

    async def _pieces(self, request: ChatRequest) -> AsyncGenerator[Delta, None]:
        data = await self._data(request)
        limits = self._spec.timeouts
        now = asyncio.get_running_loop().time
        first, end = now() + limits.first_byte, now() + limits.whole
        try:
            async with asyncio.timeout_at(min(first, end)):
                response = await self._open(data)
        except TimeoutError as error:
            raise failure(Cause.TIMEOUT, f"no answer began within {limits.first_byte:g} s") from error
        answer = StreamedAnswer(self._reader(request), streamed=_is_stream(response))
        async with response:
            until = first
            while not answer.over:
                delta = answer.feed(await self._chunk(response, min(until, end)))
                if delta is not None:
                    yield delta
                until = now() + limits.idle
            last = answer.end()
            await self._drain(response)
        yield last

    async def _chunk(self, response: aiohttp.ClientResponse, until: float) -> bytes:
        try:
            async with asyncio.timeout_at(until):
                return await self._link.chunk(response)
        except TimeoutError as error:
            raise failure(Cause.TIMEOUT, "the answer stopped coming") from error

    async def _drain(self, response: aiohttp.ClientResponse) -> None:
        """Read the end of a finished body, so that the connection can be used again; not worth a wait."""
        if response.content.at_eof():
            return
        try:
            async with asyncio.timeout(0.1):
                await self._link.chunk(response)
        except (TimeoutError, ModelError):
            response.close()

    async def _open(self, data: bytes, *, whole: bool = False) -> aiohttp.ClientResponse:
        try:
            return await self._link.open(self._path, data, whole=whole)
        except ModelError as error:
            if error.status == 400 and self._quirks.learn(error.param, str(error), orjson.loads(data)):
                error.at_once = True
                if self._quirks.thoughts and not self._spoken.thoughts:
                    self._spoken = Spoken(thoughts=True)
            raise

    async def _data(self, request: ChatRequest) -> bytes:
        """The body of a request, of just its size: it is held as long as the model thinks."""
        await self._link.ready()  # takes its own time, not that of the answer
        if not self._id:
            self._id = _first(await self.models())
        model = self._id if request.model in ("", self._spec.name) else request.model
        plain = request.raw is None and self._spec.api == "chat"
        messages = self._spoken.messages(request.user, request.turns) if plain else None
        body = self._quirks.apply(body_of(self._spec, request, model, messages))
        return bytes(memoryview(orjson.dumps(body)))

    def _tries(self) -> Tries:
        return Tries(self._spec.name, self._spec.attempts, self._backoff, self._random)


def _is_stream(response: aiohttp.ClientResponse) -> bool:
    """Some servers answer a wish for a stream with a whole answer, and say so; a page is no answer at all."""
    return response.content_type not in ("application/json", "text/html")


def _ids(body: bytes) -> list[str]:
    try:
        listed = orjson.loads(body)["data"]
        return [model["id"] for model in listed if type(model["id"]) is str]
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise failure(Cause.FAILED, "the list of models is not one of the OpenAI API") from error


def _first(found: Sequence[ModelInfo]) -> str:
    for model in found:
        if "embed" not in model.id.lower():
            return model.id
    raise failure(Cause.FAILED, "the server lists no model; set the model's id")
