"""All commands of a hub: which one a message gives, and doing it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hubbub.commands import old_forms as forms
from hubbub.commands.audit import record
from hubbub.commands.builtin import BUILTIN
from hubbub.commands.command import Call, Command, CommandContext
from hubbub.commands.names import table
from hubbub.commands.parse import PREFIXES, Parser, like_a_name, normal, plain_prefix
from hubbub.commands.permissions import allowed, refusal
from hubbub.commands.room_admins import looked_up
from hubbub.core.errors import UserError
from hubbub.core.identities import Role
from hubbub.core.messages import Mention, Quote
from hubbub.core.phrases import Phrase
from hubbub.core.ports import MenuItem
from hubbub.words import guess, say

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from hubbub.commands.parse import Typed
    from hubbub.core.events import Received
    from hubbub.core.ports import Answer

# How alike a name must be to be suggested, from 0 to 1.
_ALIKE = 0.6
# Behind these an unknown name is most likely no command: "@somebody", "#topic".
_OFTEN_WORDS = frozenset("@#")
_CERTAIN = "/"
_AT = ("@", "＠")


class Commands:
    """Reads and does commands. Nothing changes after it was made."""

    def __init__(
        self,
        prefixes: Sequence[str] = PREFIXES,
        commands: Sequence[Command] = BUILTIN,
        names: Sequence[str] = (),
        disabled: Sequence[str] = (),
        old_forms: Collection[str] = (),
    ) -> None:
        """``names`` are those of the bot, as people write them behind an @; ``disabled`` commands are left out.

        ``old_forms``: platforms on which `hubbub.commands.old_forms` are understood.

        Raises:
            ValueError: two commands have the same name or alias.
        """
        off = set(map(normal, disabled))
        self._commands = tuple(each for each in commands if normal(each.name) not in off)
        self._table = table(self._commands)
        self._names = frozenset(map(normal, names))
        self._parser = Parser(tuple(prefixes))
        self._first = self._parser.first
        self._old_forms = frozenset(old_forms)

    def find(self, event: Received, text: str) -> Call | None:
        """The command that a message gives, if it gives one; ``text`` is its words without what addressed the bot.

        A name that is none is answered with a suggestion where the sign leaves no doubt, and only if the message is
        meant for the bot; otherwise it is no command. Quick: called for every message.
        """
        if event.room.platform in self._old_forms and (old := forms.call_of(text, self)) is not None:
            return old
        if text[:1] not in self._first:
            return None
        typed = self._parser.parse(text) or self._glued(text)
        if typed is not None and typed.prefix in _AT and self._is_bot(event, typed.name):
            typed = self._parser.parse(typed.argument)
        if typed is None or _for_somebody_else(event):
            return None
        known = self._known(event, typed)
        if known is None and (glued := self._glued(text)) is not None:
            known = self._known(event, glued)
        return known or self._unknown(event, typed)

    async def run(self, call: Call, context: CommandContext) -> Answer:
        """Do a command, or say why not."""
        command = call.command
        context = await looked_up(command, context)
        no = refusal(command, f"{call.prefix}{call.name}", context.role, context.event)
        if no is not None:
            return await context.tell(no)
        try:
            answer = await command.handler(call, context)
            return replace(answer, writes=(*answer.writes, record(call, context))) if command.audited else answer
        except UserError as error:
            return await context.tell(error.user_text)

    def allowed(self, role: Role, event: Received) -> Sequence[Command]:
        """Those that the author of a message may give where they wrote, in the order of their declaration.

        Families have lists of their own.
        """
        return [command for command in self._commands if not command.family and allowed(command, role, event)]

    @property
    def commands(self) -> Sequence[Command]:
        """See `Listing.commands`."""
        return self._commands

    def menu(self, language: str) -> Sequence[MenuItem]:
        """What everybody, or whoever runs a room, may give, as platforms list it."""
        return [
            MenuItem(
                each.name,
                say(Phrase(each.help, {"prefix": _CERTAIN}), language),
                each.rooms,
                each.role > Role.USER,
                next((alias for alias in each.aliases if guess(alias) == language), ""),
            )
            for each in self._commands
            if not each.family and (each.role <= Role.USER or each.room_admins)
        ]

    def named(self, name: str) -> Command | None:
        """The command of a name or alias, however it is written."""
        return self._table.get(normal(name))

    def _known(self, event: Received, typed: Typed) -> Call | None:
        prefix, name, argument = typed
        command = self._table.get(name) or self._table.get(normal(name))
        if command is None and "@" in name:
            name, _, bot = name.partition("@")
            if not (event.addressed or normal(bot) in self._names or (event.room.direct and not self._names)):
                return None
            command = self._table.get(normal(name))
        if command is None or (command.family and plain_prefix(prefix) in _OFTEN_WORDS):
            return None  # one or two letters behind "@" or "#" are mostly words
        return Call(command, prefix, name, argument, self)

    def _glued(self, text: str) -> Typed | None:
        """A command right before its argument, where it may stand so."""
        typed = self._parser.glued(text)
        command = self._table.get(normal(typed.name)) if typed else None
        return typed if command is not None and command.glued else None

    def _is_bot(self, event: Received, name: str) -> bool:
        return normal(name) in self._names or name == event.room.account

    def _unknown(self, event: Received, typed: Typed) -> Call | None:
        sign = plain_prefix(typed.prefix)
        if sign in _OFTEN_WORDS or not (event.addressed or event.room.direct) or not like_a_name(typed.name):
            return None
        nearest = self._nearest(normal(typed.name))
        if not nearest and sign != _CERTAIN:
            return None
        return Call(_UNKNOWN, typed.prefix, typed.name, nearest, self)

    def _nearest(self, name: str) -> str:
        """The name or alias that was probably meant; the short ones of a family, near to everything, come last."""
        import difflib  # noqa: PLC0415 - loaded on first use

        usual = [each for each, command in self._table.items() if not command.family]
        for names in (usual, self._table):
            if found := difflib.get_close_matches(name, names, n=1, cutoff=_ALIKE):
                return found[0]
        return ""


def _for_somebody_else(event: Received) -> bool:
    """The message begins with a mention of somebody who is not the bot: another bot's command."""
    for segment in event.message:
        if type(segment) is Mention:
            return segment.everyone or segment.user != event.room.account
        if type(segment) is not Quote:
            break
    return False


async def _suggest(call: Call, context: CommandContext) -> Answer:
    """Tell that there is no such command, and which was probably meant."""
    typed = f"{call.prefix}{call.name}"
    nearest = call.listing.named(call.argument) if call.argument else None
    if nearest is None or not allowed(nearest, context.role, context.event):
        return await context.tell(Phrase("command.unknown", {"name": typed, "help": f"{call.prefix}help"}))
    return await context.tell(Phrase("command.nearest", {"name": typed, "nearest": f"{call.prefix}{nearest.name}"}))


_UNKNOWN = Command("", _suggest, "command.unknown")
