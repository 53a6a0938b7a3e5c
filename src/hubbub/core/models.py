"""What is known of a model before it is asked: who serves it, under which id, with what limits."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from hubbub.core.phrases import Sentence
from hubbub.core.turns import Parameters

ModelType = str
"""What a model is for: chat, reasoner, coder, prover, or a word of the owner's own."""
ModelApi = Literal["chat", "completions"]


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long a model may take, in seconds.

    ``connect``: until a connection stands; ``first_byte``: until a streamed answer begins; ``idle``: between two
    pieces of it; ``whole``: one answer in all, the only bound (besides ``connect``) of an answer that is not streamed.
    """

    connect: float = 10.0
    first_byte: float = 120.0
    idle: float = 60.0
    whole: float = 600.0


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """One model as the settings, or what was found, describe it.

    ``name`` is the hub's name for it, ``title`` what programs call it ("": the name), ``id`` the provider's ("": the
    first that the provider lists). ``provider`` is the kind of provider that serves it. ``fallback`` names models to
    ask when this one fails before its first piece. Prices are per million tokens. ``vision`` and ``tools`` (it can call
    functions) None: unknown, which asking tells.
    ``context_tokens`` 0: unknown. ``path``: weights of a model that runs inside the hub ("": its own demo model).
    ``extra`` goes into every request as it is.
    """

    name: str
    provider: str = "openai"
    type: ModelType = "chat"
    id: str = ""
    base_url: str = ""
    api_keys: tuple[str, ...] = field(default=(), repr=False)
    api: ModelApi = "chat"
    proxy: str = field(default="", repr=False)
    headers: dict[str, str] = field(default_factory=dict, repr=False)
    fallback: tuple[str, ...] = ()
    parameters: Parameters = field(default_factory=Parameters)
    extra: dict[str, object] = field(default_factory=dict)
    price_in: float = 0.0
    price_out: float = 0.0
    vision: bool | None = None
    tools: bool | None = None
    context_tokens: int = 0
    timeouts: Timeouts = field(default_factory=Timeouts)
    attempts: int = 3
    path: str = ""
    title: str = ""
    note: Sentence = ""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a server of the OpenAI kind listens, and the key that opens it."""

    base_url: str
    api_key: str = field(default="", repr=False)


_SEEING = re.compile(
    r"gpt-(?:4o|4\.1|4-turbo|[5-9])|chatgpt|(?:^|/)o[134]\b|claude|gemini|gemma-?[3-9]|grok-(?:[4-9]|\d-vision)"
    r"|(?:^|[-_./:\d])(?:vl|vision|omni|multimodal)(?:$|[-_./:\d])|llava|pixtral|minicpm-v|internvl|moondream"
    r"|glm-\d(?:\.\d)?v|llama-?4|kimi-k2\.[5-9]|mistral-(?:small|medium|large)-(?:3|latest)"
)
_BLIND = re.compile(r"deepseek|smollm2?-|qwen2\.5-\d|qwen3-\d|gpt-oss|llama-?3\.[13]|mixtral|gpt-3|codestral|embed")


def sees(model_id: str) -> bool | None:
    """Whether a model of this id takes pictures, going by the families that are known; None where none fits."""
    name = model_id.lower()
    if _SEEING.search(name):
        return True
    return False if _BLIND.search(name) else None
