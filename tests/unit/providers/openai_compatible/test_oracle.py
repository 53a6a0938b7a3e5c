"""The `openai` package asked the same of the same fake: both must read the same answer."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from openai import AsyncOpenAI
from openai.types.chat.chat_completion_chunk import ChoiceDelta

from hubbub.core.models import ModelSpec
from hubbub.core.turns import ChatRequest, Parameters, Tool, Turn
from hubbub.providers.openai_compatible.client import OpenAICompatible
from tests.fakes.model import FakeModel

if TYPE_CHECKING:
    from openai.types.chat import ChatCompletion

BEHAVIOURS: dict[str, dict[str, Any]] = {
    "plain": {},
    "chinese": {"reply": "你好，世界。\n\n```python\nprint('🎉')\n```", "gap_ms": 1},
    "usage": {"cached_tokens": 2},
    "no usage": {"usage": False},
    "reasoning": {"reasoning": "first this, then that", "gap_ms": 1},
    "tools": {
        "reply": "",
        "tool_calls": [
            {"id": "call_1", "name": "weather", "arguments": '{"city": "北京", "days": 3}'},
            {"id": "call_2", "name": "now", "arguments": "{}"},
        ],
    },
    "length": {"finish": "length", "reply": "cut"},
}


@dataclass
class Read:
    """What a client made of an answer."""

    content: str = ""
    reasoning: str = ""
    finish: str = ""
    usage: tuple[int, int, int] | None = None
    calls: dict[int, list[str]] = field(default_factory=dict)

    def add(self, part: Any) -> None:
        """A message or a delta of the package."""
        self.content += part.content or ""
        self.reasoning += getattr(part, "reasoning_content", None) or ""
        for at, call in enumerate(part.tool_calls or ()):
            index = call.index if isinstance(part, ChoiceDelta) else at
            mine = self.calls.setdefault(index, ["", "", ""])
            mine[0] += call.id or ""
            mine[1] += call.function.name or ""
            mine[2] += call.function.arguments or ""

    def count(self, usage: Any) -> None:
        if usage is not None:
            cached = usage.prompt_tokens_details.cached_tokens if usage.prompt_tokens_details else 0
            self.usage = (usage.prompt_tokens, usage.completion_tokens, cached or 0)


@pytest.fixture
async def fake() -> AsyncIterator[FakeModel]:
    async with FakeModel() as fake:
        yield fake


REQUEST = ChatRequest(
    "m",
    (Turn("system", "be brief"), Turn("user", "hello there"), Turn("assistant", "yes?"), Turn("user", "tell me more")),
    parameters=Parameters(temperature=0.5, top_p=0.9, max_tokens=100, stop=("END",)),
    tools=(Tool("now", "the time"),),
    user="someone",
)


async def by_us(fake: FakeModel, *, stream: bool) -> Read:
    client = OpenAICompatible(ModelSpec("m", id="m", base_url=fake.url, api_keys=("k",)))
    read = Read()
    request = ChatRequest(REQUEST.model, REQUEST.turns, REQUEST.parameters, REQUEST.tools, stream, REQUEST.user)
    async for delta in client.stream(request):
        read.content += delta.content
        read.reasoning += delta.reasoning
        read.finish = delta.finish or read.finish
        if delta.usage:
            read.usage = (delta.usage.prompt_tokens, delta.usage.completion_tokens, delta.usage.cached_tokens)
        read.calls |= {at: [call.id, call.name, call.arguments] for at, call in enumerate(delta.tool_calls)}
    await client.close()
    return read


async def by_the_package(fake: FakeModel, *, stream: bool) -> Read:
    read = Read()
    common: dict[str, Any] = {
        "model": "m",
        "messages": [{"role": turn.role, "content": turn.content} for turn in REQUEST.turns],
        "temperature": 0.5,
        "top_p": 0.9,
        "max_tokens": 100,
        "stop": ["END"],
        "user": "someone",
        "tools": [
            {
                "type": "function",
                "function": {
                    "name": "now",
                    "description": "the time",
                    "parameters": {"type": "object", "properties": {}},
                },
            }
        ],
    }
    async with AsyncOpenAI(base_url=fake.url, api_key="k", max_retries=0) as client:
        if not stream:
            whole: ChatCompletion = await client.chat.completions.create(**common, stream=False)
            read.add(whole.choices[0].message)
            read.finish = whole.choices[0].finish_reason
            read.count(whole.usage)
            return read
        options: dict[str, Any] = {"stream": True, "stream_options": {"include_usage": True}}
        async for chunk in await client.chat.completions.create(**common, **options):
            for choice in chunk.choices:
                read.add(choice.delta)
                read.finish = choice.finish_reason or read.finish
            read.count(chunk.usage)
    return read


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("behaviour", BEHAVIOURS.values(), ids=BEHAVIOURS.keys())
async def test_both_read_the_same_and_send_the_same(fake: FakeModel, behaviour: dict[str, Any], stream: bool) -> None:
    fake.behave(**behaviour)
    ours = await by_us(fake, stream=stream)
    theirs = await by_the_package(fake, stream=stream)
    assert ours == theirs
    assert ours.finish
    sent_by_us, sent_by_them = (asked.body for asked in fake.requests)
    assert sent_by_us == sent_by_them
