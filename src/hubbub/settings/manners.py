"""The section about what the bot does in rooms beside answering."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from hubbub.settings.sections import Section

PolicyName = Literal["ignore", "approve", "reject", "ask"]
_POLICY = "ignore, approve, reject, or ask (the admins, who decide by /approve CODE and /reject CODE)."


class Manners(Section):
    """What the bot does in rooms beside answering."""

    welcome: str = Field(
        "off",
        description='Words for new members of groups: "off", "on" (the hub\'s own) or a text with {at} {name} {user};'
        " the command welcome sets them for a group.",
    )
    farewell: str = Field("off", description="Words for members who leave, likewise; the command is farewell.")
    poke: Literal["off", "poke", "words"] = Field("off", description="What the bot does when somebody pokes it.")
    poke_words: tuple[str, ...] = Field((), description="What it says then, by turns; empty is the hub's own.")
    recalled: Literal["off", "log", "tell"] = Field(
        "off", description="Messages that people take back in groups: log that it happened, or tell what it was."
    )
    friend_requests: PolicyName = Field("ignore", description=f"Who wants to become the bot's friend: {_POLICY}")
    join_requests: PolicyName = Field("ignore", description=f"Who wants to join a group of the bot's: {_POLICY}")
    invites: PolicyName = Field("ignore", description=f"Who invites the bot to a group: {_POLICY}")
    approve_words: tuple[str, ...] = Field(
        (), description="A request with one of these in its comment is approved, whatever the policy."
    )
    friend_remark: str = Field(
        "", description="Name that new friends are kept under; {name} and {user} stand for theirs."
    )
    reject_reason: str = Field("", max_length=100, description="What those are told who are turned away.")
    filters: dict[str, str] = Field(
        default_factory=dict,
        description='Words, and what is answered without a model to messages with them: word = answer; "" is nothing.',
    )
    overhear: bool = Field(False, description="Heed filters in messages of groups, too, that are not for the bot.")
    mention_in_groups: bool = Field(False, description="Let an answer in a group begin with a mention of who asked.")
