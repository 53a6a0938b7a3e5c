"""What is said to a model and what it says: the units of a conversation's context."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from hubbub.core.messages import Media
from hubbub.core.phrases import Sentence

TurnRole = Literal["system", "user", "assistant", "tool"]


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A model's wish to use a tool; ``arguments`` is JSON text as the model wrote it."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Turn:
    """One unit of a context. ``reasoning`` is kept apart and not sent to the model again. ``time`` in seconds."""

    role: TurnRole
    content: str
    images: tuple[Media, ...] = ()
    reasoning: str = ""
    name: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str = ""
    model: str = ""
    time: float = 0.0


@dataclass(frozen=True, slots=True)
class Parameters:
    """What the caller of a model may turn; None leaves it to the provider."""

    temperature: float | None = None
    top_p: float | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    max_tokens: int | None = None
    stop: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool that the model may call; ``parameters`` is a JSON schema."""

    name: str
    description: str
    parameters: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """One question to a model. ``model`` is the hub's name for it; ``stream``: the answer is wanted in pieces.

    ``raw`` is the same question as a client of the OpenAI API wrote it. A provider whose model has that API (``prompt``
    in it: the completions API, else chat completions) hands it on as it is, but for model and streaming, and gives the
    answer's documents back in `Delta.raw`. Others answer what is said here.
    """

    model: str
    turns: tuple[Turn, ...]
    parameters: Parameters = Parameters()
    tools: tuple[Tool, ...] = ()
    stream: bool = False
    user: str = ""
    raw: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens that a call cost, as the provider counts them."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Delta:
    """A piece of an answer; the last piece carries ``finish`` (and mostly ``usage``).

    ``id`` and ``created`` (seconds since the epoch) are the provider's own, told with ``model``.
    ``raw``: the documents that it was read from, where a request with `ChatRequest.raw` was handed on.
    """

    content: str = ""
    reasoning: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    finish: str = ""
    usage: Usage | None = None
    model: str = ""
    raw: tuple[Mapping[str, object], ...] = ()
    id: str = ""
    created: int = 0


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A model that can be asked: ``name`` here, ``id`` at the provider. ``note`` says what a person should know."""

    name: str
    provider: str
    id: str
    vision: bool | None = None
    context_tokens: int = 0
    note: Sentence = ""
