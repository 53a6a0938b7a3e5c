"""What every provider must do, whatever it asks.

A provider's test file makes a `ProviderHarness` around the real provider, built as the hub builds it, and inherits
`ProviderSuite`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Protocol, cast

import pytest

from hubbub.app.dotted import imported
from hubbub.core.errors import ProviderError
from hubbub.core.models import ModelSpec
from hubbub.core.phrases import Phrase
from hubbub.core.ports import Provider, ProviderHost, ProviderPlugin
from hubbub.core.turns import ChatRequest, Delta, ModelInfo, Parameters, Turn
from hubbub.words import languages, say

PARAMETERS = Parameters(temperature=0.0, max_tokens=24)


class ProviderHarness(Protocol):
    """A real provider, and what it asks: real, or a strict fake."""

    @property
    def provider(self) -> Provider: ...

    @property
    def long(self) -> str:
        """A question whose answer comes in many pieces and takes seconds."""

    async def at_work(self) -> bool:
        """Whether the model computes for somebody."""

    def broken(self) -> Provider:
        """One more provider, of a model that fails before its first piece, every time."""


def built(plugin: ProviderPlugin, spec: ModelSpec, host: ProviderHost) -> Provider:
    """A provider as the hub makes it."""
    provider: Provider = imported(plugin.builder, "provider", plugin.name)(spec, host)
    return provider


def question(text: str, *, stream: bool = False, parameters: Parameters = PARAMETERS) -> ChatRequest:
    return ChatRequest("", (Turn("system", "Be brief."), Turn("user", text)), parameters, stream=stream)


def asking(provider: Provider, request: ChatRequest) -> AsyncGenerator[Delta]:
    """The answer as something that can be closed, as the hub closes it."""
    return cast("AsyncGenerator[Delta]", provider.stream(request))


async def answer(provider: Provider, request: ChatRequest) -> Sequence[Delta]:
    async with aclosing(asking(provider, request)) as deltas:
        return [delta async for delta in deltas]


def words(deltas: Sequence[Delta]) -> str:
    return "".join(delta.content for delta in deltas)


class ProviderSuite:
    """Inherit it, and give it a fixture ``harness``."""

    def test_it_keeps_the_name_that_the_hub_gave(self, harness: ProviderHarness) -> None:
        assert harness.provider.name == "mine"

    async def test_it_lists_what_can_be_asked(self, harness: ProviderHarness) -> None:
        listed = await harness.provider.models()
        assert listed
        assert all(isinstance(each, ModelInfo) and each.id and each.name for each in listed)

    async def test_a_whole_answer_says_what_the_streamed_one_says(self, harness: ProviderHarness) -> None:
        whole = await answer(harness.provider, question("Say hello"))
        pieces = await answer(harness.provider, question("Say hello", stream=True))
        assert words(whole).strip()
        assert words(pieces).strip() == words(whole).strip()

    @pytest.mark.parametrize("stream", [False, True])
    async def test_the_last_piece_alone_says_why_it_ended(self, harness: ProviderHarness, stream: bool) -> None:
        deltas = await answer(harness.provider, question("Say hello", stream=stream))
        assert deltas[-1].finish
        assert not any(delta.finish for delta in deltas[:-1])

    @pytest.mark.parametrize("stream", [False, True])
    async def test_it_tells_what_the_answer_cost(self, harness: ProviderHarness, stream: bool) -> None:
        deltas = await answer(harness.provider, question("Say hello", stream=stream))
        told = [delta.usage for delta in deltas if delta.usage is not None]
        assert len(told) == 1
        assert told[0].prompt_tokens > 0
        assert told[0].completion_tokens > 0

    async def test_an_answer_comes_in_pieces(self, harness: ProviderHarness) -> None:
        deltas = await answer(harness.provider, question("Count from one to ten.", stream=True))
        assert sum(bool(delta.content) for delta in deltas) > 1

    async def test_several_are_answered_at_once_each_its_own(self, harness: ProviderHarness) -> None:
        async with asyncio.TaskGroup() as group:
            asked = [group.create_task(answer(harness.provider, question("Say hello", stream=True))) for _ in range(3)]
        assert all(words(task.result()).strip() and task.result()[-1].finish for task in asked)

    async def test_closing_an_answer_stops_the_model(self, harness: ProviderHarness) -> None:
        request = question(harness.long, stream=True, parameters=Parameters(temperature=0.0, max_tokens=1000))
        async with aclosing(asking(harness.provider, request)) as deltas:
            async for delta in deltas:
                if delta.content:
                    break
            assert await harness.at_work()
        async with asyncio.timeout(20):
            while await harness.at_work():
                await asyncio.sleep(0.02)
        assert words(await answer(harness.provider, question("Say hello")))

    async def test_cancelling_who_waits_stops_the_model(self, harness: ProviderHarness) -> None:
        request = question(harness.long, parameters=Parameters(temperature=0.0, max_tokens=1000))
        waiting = asyncio.create_task(answer(harness.provider, request))
        async with asyncio.timeout(20):
            while not await harness.at_work():
                await asyncio.sleep(0.02)
        waiting.cancel()
        async with asyncio.timeout(20):
            while await harness.at_work():
                await asyncio.sleep(0.02)
        with pytest.raises(asyncio.CancelledError):
            await waiting

    @pytest.mark.parametrize("stream", [False, True])
    async def test_a_failure_has_a_sentence_for_the_person(self, harness: ProviderHarness, stream: bool) -> None:
        provider = harness.broken()
        with pytest.raises(ProviderError) as raised:
            await answer(provider, question("Say hello", stream=stream))
        await provider.close()
        told = raised.value.user_text
        assert isinstance(told, Phrase)
        assert all(say(told, language) != told.key for language in languages())
        assert str(raised.value)

    async def test_after_closing_nothing_is_left(self, harness: ProviderHarness) -> None:
        await answer(harness.provider, question("Say hello"))
        await harness.provider.close()
        assert not await harness.at_work()
        await harness.provider.close()
