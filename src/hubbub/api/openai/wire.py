"""Bodies of the requests as far as the hub reads them, and of the answers as far as it promises them.

What the hub does not know it hands on: clients and providers learn new fields before it does.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

MOST_MESSAGES = 10_000
MOST_TEXTS = 2048

ModelName = Annotated[str, Field(min_length=1, max_length=300, examples=["default"])]


class Loose(BaseModel):
    """Known fields are checked, without turning one type into another; unknown ones are kept."""

    model_config = ConfigDict(extra="allow", strict=True)


class MessageJSON(Loose):
    """One message. ``content`` is words or a list of parts: text, image_url and what else the model takes."""

    role: str = Field(min_length=1, max_length=50, examples=["user"])
    content: str | list[dict[str, Any]] | None = None


class StreamOptions(Loose):
    """``include_usage``: the last piece tells the tokens that the answer cost."""

    include_usage: bool | None = None


class ChatIn(Loose):
    """A chat completion. Every other field (tools, response_format, seed ...) goes to the model as it is."""

    model: ModelName
    messages: list[MessageJSON] = Field(min_length=1, max_length=MOST_MESSAGES)
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    n: int | None = Field(None, description="Only 1 is served.")


class CompletionIn(Loose):
    """A completion of the old kind. Models that only chat are asked with the prompt as the one message."""

    model: ModelName
    prompt: str | list[Any] = Field(examples=["Say hello"])
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    n: int | None = Field(None, description="Only 1 is served.")


class EmbeddingsIn(Loose):
    """Texts, or their tokens, to be made vectors; other fields go to the model as they are."""

    model: ModelName
    input: str | Annotated[list[Any], Field(min_length=1, max_length=MOST_TEXTS)]


class ErrorFields(BaseModel):
    """What went wrong; ``param`` is the field that is to blame, where one is."""

    message: str
    type: str
    param: str | None
    code: str | None


class ErrorOut(BaseModel):
    """Every answer that is not a success."""

    error: ErrorFields


class ModelOut(BaseModel):
    """A model. ``created`` is when the hub began to offer it, in seconds since the epoch."""

    id: str
    object: str
    created: int
    owned_by: str


class ModelsOut(BaseModel):
    """All models; each stands there once more with ``@memory``, which answers with the hub's memory."""

    object: str
    data: list[ModelOut]


class ChoiceOut(BaseModel):
    """One answer: a ``message``, its ``delta`` where it is streamed, or the ``text`` of a completion."""

    model_config = ConfigDict(extra="allow")

    index: int
    finish_reason: str | None = None


class CompletionOut(BaseModel):
    """An answer, or one piece of it."""

    model_config = ConfigDict(extra="allow")

    id: str
    object: str
    created: int
    model: str
    choices: list[ChoiceOut]


class EmbeddingsOut(BaseModel):
    """Vectors, in the order of the texts."""

    model_config = ConfigDict(extra="allow")

    data: list[Any]
    model: str
