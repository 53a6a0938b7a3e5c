"""What the hub does in a room beside talking. Each is done by the ability of `ports` that it names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

RequestKind = Literal["friend", "join", "invite"]


@dataclass(frozen=True, slots=True)
class Mute:
    """Let a member write nothing for ``seconds``; 0 lets them write again (`ports.CanMute`)."""

    user: str
    seconds: int
    type: Literal["mute"] = "mute"


@dataclass(frozen=True, slots=True)
class Poke:
    """Nudge somebody (`ports.CanPoke`)."""

    user: str
    type: Literal["poke"] = "poke"


@dataclass(frozen=True, slots=True)
class TakeBack:
    """Take back a message that the hub sent (`ports.CanDelete`)."""

    message_id: str
    type: Literal["take_back"] = "take_back"


@dataclass(frozen=True, slots=True)
class Decision:
    """Let somebody in who asked for it (`events.Requested`), or turn them away (`ports.CanDecide`).

    ``words``: under which name a friend is kept, or why somebody is turned away; platforms may pass over them.
    """

    kind: RequestKind
    ticket: str
    user: str
    approve: bool
    words: str = ""
    type: Literal["decision"] = "decision"


Act = Mute | Poke | TakeBack | Decision


def told(act: Act) -> str:
    """What an act does, for an operator."""
    match act:
        case Mute():
            return f"mute {act.user} for {act.seconds} s"
        case Poke():
            return f"poke {act.user}"
        case TakeBack():
            return f"take back message {act.message_id}"
        case Decision():
            return f"{'approve' if act.approve else 'reject'} the {act.kind} request of {act.user}"
