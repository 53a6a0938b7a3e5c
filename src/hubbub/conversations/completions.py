"""What somebody wants of one answer beside the question: who speaks, from which context, whether it is kept.

Programs say it in the option ``completion`` of a message, commands by themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

OPTION = "completion"
"""The option of a message; a message that has it is never a command."""


@dataclass(frozen=True, slots=True)
class Completion:
    """``user_id`` and ``user_name`` are the variables of these names, "" as the message has them.

    ``role`` and ``name`` are the question's. ``load_prompt``: the model is told the prompt; ``load_context``: and what
    was said before; ``save_context``: question and answer are kept. ``reference``: an owner whose prompt and context
    are gone by; the context is kept, with the answer, instead of one's own. ``proceed``: the model answers what is
    there, without a question. ``model`` is a name or a type, "" is the owner's choice. ``stream``: the model is asked
    for pieces also where nobody waits for them. ``expand``: variables are expanded everywhere, and one that there is
    not becomes nothing. ``settings`` count for this answer only. ``details``: the answer's message says how it came to
    be, for programs (`chat.details`).
    """

    user_id: str = ""
    user_name: str = ""
    role: str = "user"
    name: str = ""
    load_prompt: bool = True
    load_context: bool = True
    save_context: bool = True
    reference: str = ""
    proceed: bool = False
    model: str = ""
    stream: bool = True
    expand: bool = False
    details: bool = False
    settings: Mapping[str, object] = field(default_factory=dict)


def completion_of(options: Mapping[str, object]) -> Completion | None:
    """What the option says, where ``continue`` is `Completion.proceed`; such an answer always has its details.

    What it does not say is as usual, and what has the wrong type counts as not said.
    """
    given = options.get(OPTION)
    if not isinstance(given, dict):
        return None
    usual = Completion()
    kinds: dict[str, Any] = {field.name: type(getattr(usual, field.name)) for field in fields(Completion)}
    said = {**given, "proceed": given.get("continue", given.get("proceed")), "details": True, "expand": True}
    return Completion(**{name: said[name] for name, kind in kinds.items() if type(said.get(name)) is kind})


def standing(stored: Mapping[str, object]) -> Completion | None:
    """What an owner has set to hold for every answer; None where nothing is."""
    wishes = Completion(
        load_prompt=stored.get("auto_load_prompt") is not False,
        load_context=stored.get("load_memory") is not False,
        save_context=stored.get("auto_save_context") is not False and stored.get("load_memory") is not False,
        stream=False,
    )
    return None if wishes == _USUAL else wishes


_USUAL = Completion(stream=False)
