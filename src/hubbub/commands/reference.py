"""The page docs/commands.md, made from the commands that there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hubbub.core.identities import Role
from hubbub.core.phrases import Phrase
from hubbub.words import say

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hubbub.commands.command import Command

_HEAD = """\
# Commands in a chat

Written by `python -m hubbub.commands docs/commands.md`; a test keeps it equal to the code.

A command begins with a sign (`/`, `!`, `@` or `#`, also full-width; `commands.prefixes` says which) and works the same
on every platform, in the terminal and over the API. In a group it needs no mention of the bot. Names may be written in
any case, with or without underscores; an unknown one is answered with the nearest. `commands.disabled` takes commands
away.

"""

_REST = """
## Who may give which

| role | who has it | may |
|---|---|---|
| owner | `access.owners`; who calls the API with a token of scope admin | everything, also name admins with `/allow` |
| admin | `commands.admins`; whom an owner named | what the table above gives to admins |
| user | everybody, unless `access.mode` or `access.others` says otherwise; whom an admin let in | talk to models |
| guest | as an admin or `access.others` says | commands that need no model |
| blocked | `commands.blocked`; whom an admin blocked | nothing: they get no answer |

A person is written `platform:id`, as `/sid` shows it. The settings' lists go first: what they say of somebody cannot be
changed in a chat. What admins change there is kept in the data and counts at once.

A caller of the API is a user, whatever owner they name; only a token of scope admin makes an owner.

## A private bot

With `access.mode` set to `list` the bot answers nobody who is not listed, or let in by an admin; in groups it answers
nobody until an admin of the hub gives `/room on` there. With `pairing` a stranger who writes to it in private gets a
code, once a minute at most, and nothing else; an admin who gives `/pair CODE`, on any platform or over the API, lets
them in. A code holds for an hour.

## Rooms

`/room` is for admins of the group and of the hub: `on` (as the settings say), `off` (silent), `mention`, `reply`,
`thread`, `always`, `prefix` (commands only). Given in a room it holds for all its threads, given in a thread for that
one, until `/room inherit` there; [when the bot answers](answering.md) says what each means.

## Limits

`limits.messages_per_minute`, `limits.messages_per_day`, `limits.tokens_per_day` and `limits.message_characters` hold
for every owner; `/limit` gives one owner others. Days begin at midnight of `server.timezone`. What a provider does not
count is estimated. `/usage` shows what is left.

## What is kept, and how it goes away

`/forget` removes an owner's conversations, prompts and settings, and the texts of their messages and answers, at once
and for good, after a word of confirmation. What stays: that messages came and went (numbers, times, rooms) for 8 days,
how much was used on the last day, and what admins decided about the person.
"""

_WHO = {Role.GUEST: "everybody", Role.USER: "users", Role.ADMIN: "admins", Role.OWNER: "owners"}
_WHO_ZH = {Role.GUEST: "所有人", Role.USER: "用户", Role.ADMIN: "管理员", Role.OWNER: "所有者"}


def reference(commands: Sequence[Command]) -> str:
    """The whole page."""
    lines = ["| command | also | who | what it does |", "|---|---|---|---|"]
    lines += [_row(command, _who(command), "en") for command in commands]
    chinese = ["", "## 中文", "", "| 命令 | 别名 | 谁可以用 | 作用 |", "|---|---|---|---|"]
    chinese += [_row(command, _who_zh(command), "zh") for command in commands]
    return _HEAD + "\n".join(lines) + "\n" + _REST + "\n".join(chinese) + "\n"


def _row(command: Command, who: str, language: str) -> str:
    text = say(Phrase(command.help, {"prefix": "/"}), language)
    cells = (f"`/{command.name}`", ", ".join(f"`{alias}`" for alias in command.aliases), who, text)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _who(command: Command) -> str:
    return ", ".join(_parts(_WHO[command.role], command, "admins of the room", "in groups"))


def _who_zh(command: Command) -> str:
    return "，".join(_parts(_WHO_ZH[command.role], command, "群管理员", "仅限群"))


def _parts(who: str, command: Command, of_the_room: str, in_groups: str) -> Iterator[str]:
    yield who
    if command.room_admins:
        yield of_the_room
    if command.rooms and "private" not in command.rooms:
        yield in_groups
