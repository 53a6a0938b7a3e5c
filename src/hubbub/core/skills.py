"""What a model may use while it answers: what a skill is, for whom it is called, and what comes of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import tzinfo
from typing import Literal

from hubbub.core.events import Received
from hubbub.core.identities import Role
from hubbub.core.messages import Blob, Image, Media
from hubbub.core.phrases import Sentence
from hubbub.core.turns import Tool

Deed = Literal["reads", "writes", "spends"]
"""What a call does to the world: nothing, it changes something, or it costs the person's money or limits."""


@dataclass(frozen=True, slots=True)
class Needs:
    """What has to be so for a call.

    ``role``: the least that may cause one. What ``writes`` or ``spends`` needs the person's consent, too, unless the
    settings name it; what spends is held against all limits as ``tokens``, and counts as one message more and as
    ``cost``, in billionths of what prices are in. ``shows``: it makes pictures, which is useless in a room without
    them. ``seconds``: its time, 0 for the usual.
    """

    role: Role = Role.USER
    deed: Deed = "reads"
    tokens: int = 0
    cost: int = 0
    shows: bool = False
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class SkillCard:
    """What is known of a skill before it is called.

    ``tool`` is what models are told, its name the skill's; its schema is checked before each call. ``title`` is what
    people are told that it does. ``sign`` stands for it while it works.
    """

    tool: Tool
    title: Sentence
    needs: Needs = Needs()
    sign: str = "🔧"

    @property
    def name(self) -> str:
        """The skill's."""
        return self.tool.name


@dataclass(frozen=True, slots=True)
class SkillContext:
    """For whom a skill is called, and what of the hub it may use. ``now``: seconds since the epoch.

    ``event`` is the message that is being answered; ``zone`` the person's time zone (None: the machine's);
    ``pictures`` those of the conversation, the newest first. ``fetch`` gives their content (raises MediaError);
    ``keep`` makes content into what a message can show (raises StoreError).
    """

    owner: str
    event: Received
    language: str
    zone: tzinfo | None
    now: float
    pictures: tuple[Media, ...]
    fetch: Callable[[Media], Awaitable[Blob]]
    keep: Callable[[Blob], Awaitable[Media]]


@dataclass(frozen=True, slots=True)
class SkillResult:
    """``text`` is what the model is told; ``media`` is shown to the person with the model's answer."""

    text: str
    media: tuple[Image, ...] = ()
