"""What a model is told first: the owner's own prompt, a persona, or the hub's default.

An owner's prompt is a string, the newest node of the branch of kind "prompt"; an empty one counts as none.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hubbub.conversations.branches import append, clear

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hubbub.core.store import Conversations
    from hubbub.core.work import Branch, Write


@dataclass(frozen=True, slots=True)
class Prompts:
    """The hub's own prompts: ``default`` for whoever chose none, and ``personas`` by their names."""

    default: str = ""
    personas: Mapping[str, str] = field(default_factory=dict)

    def choose(self, own: str, persona: str) -> str:
        """The owner's prompt first, then the persona (an unknown one counts as none), then the default."""
        return own or self.personas.get(persona, "") or self.default


async def read(conversations: Conversations, owner: str) -> str:
    """The prompt that an owner wrote on the current branch of prompts, "" if there is none."""
    return prompt_of(await conversations.branch(owner, "prompt", limit=1))


def prompt_of(branch: Branch) -> str:
    """The prompt that a branch ends with."""
    body = branch.nodes[-1].body if branch.nodes else ""
    return body if isinstance(body, str) else ""


def put(branch: Branch, prompt: str) -> tuple[Write, ...]:
    """Set the owner's prompt; an empty one goes back to the default."""
    return (append(branch, prompt),) if prompt.strip() else clear(branch)
