"""What whoever runs the hub decides about conversations."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hubbub.chat.wording import Bot, Where
from hubbub.conversations.presets import Presets

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hubbub.core.addresses import Room
    from hubbub.core.customs import Customs
    from hubbub.skills.calling import Skills

AUTO = "auto"


def _none(_: Room) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class ChatSettings:
    """Settings of `Chat`.

    ``language``: of the hub's own sentences, "auto" goes by the person. ``system_prompt``: what models are told first
    ("": the built-in text); ``personas`` and, by language, ``presets``: prompts that owners may choose by name;
    ``preset``: the one of whoever chose none. ``session_minutes``: silence after
    which a conversation starts afresh (0: never).

    ``context_tokens``: most tokens of a request (0: what the model takes); ``context_turns``: most turns that are
    read for one; ``pictures``: most pictures in one. ``answer_tokens``: most tokens of an answer (0: the model's own
    limit); ``answer_seconds``: the longest time for one. ``temperature`` and what follows it None: the model's own.

    ``summarize``: what no longer fits is replaced by a summary of at most ``summary_tokens``, for which one model
    call of at most ``summary_input`` tokens and ``summary_seconds`` is made.

    ``variables``: where variables are expanded, but for completions, where they always are; ``bot``: what they tell of
    it. ``call_log``: every call of a model is kept a record of.

    ``show_reasoning``: what a model thought stands before its answer. ``quote_in_groups``: an answer in a group
    quotes the question. ``room_language``: what was chosen for a room, "" for none. ``customs``: what holds on single
    platforms instead. ``skills``: what models may use while they answer.
    """

    language: str = AUTO
    system_prompt: str = ""
    personas: Mapping[str, str] = field(default_factory=dict)
    presets: Presets = field(default_factory=Presets)
    preset: str = ""
    session_minutes: float = 0
    context_tokens: int = 8192
    context_turns: int = 400
    pictures: int = 4
    answer_tokens: int = 0
    answer_seconds: float = 300.0
    temperature: float | None = None
    top_p: float | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    summarize: bool = False
    summary_tokens: int = 500
    summary_input: int = 4000
    summary_seconds: float = 30.0
    variables: Where = "prompts"
    bot: Bot = field(default_factory=Bot)
    call_log: bool = False
    show_reasoning: bool = False
    quote_in_groups: bool = True
    room_language: Callable[[Room], str] = _none
    customs: Mapping[str, Customs] = field(default_factory=dict)
    skills: Skills | None = None

    def silence(self, platform: str) -> float:
        """Seconds after which a conversation on a platform starts afresh; 0: never."""
        own = self.customs.get(platform)
        minutes = own.session_minutes if own is not None else None
        return 60.0 * (self.session_minutes if minutes is None else minutes)
