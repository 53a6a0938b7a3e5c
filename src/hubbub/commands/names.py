"""Which command a name means, and what is answered where a short name means several."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from hubbub.commands.command import Call, Command, CommandContext
from hubbub.commands.parse import normal
from hubbub.commands.permissions import allowed
from hubbub.core.phrases import Phrase

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hubbub.core.ports import Answer


def table(commands: Sequence[Command]) -> dict[str, Command]:
    """Every name with what it means. A command's own name goes before aliases.

    Commands of a family (`Command.family`) may share aliases, also with others: who gives one is asked which.

    Raises:
        ValueError: two commands have the same name, or the same alias outside of families.
    """
    found: dict[str, Command] = {}
    for command in commands:
        name = normal(command.name)
        if name in found:
            raise _double(name, found[name], command)
        found[name] = command
    shared: dict[str, list[Command]] = {}
    for command in commands:
        for alias in _aliases(command):
            if found.get(alias) is not command:
                shared.setdefault(alias, []).append(command)
    for alias, owners in shared.items():
        everybody = [*owners, found[alias]] if alias in found else owners
        if len(everybody) > 1 and not any(each.family for each in everybody):
            raise _double(alias, *everybody[:2])
        found.setdefault(alias, owners[0] if len(owners) == 1 else _asking(owners))
    return found


def _aliases(command: Command) -> Iterator[str]:
    yield from dict.fromkeys(map(normal, command.aliases))


def _double(name: str, one: Command, other: Command) -> ValueError:
    return ValueError(f"{name!r} names both {one.name} and {other.name}")


def _asking(owners: Sequence[Command]) -> Command:
    """A command that asks which of several was meant, and changes nothing."""
    return Command("", partial(_which, tuple(owners)), "command.which", family="which")


async def _which(owners: Sequence[Command], call: Call, context: CommandContext) -> Answer:
    may = [each for each in owners if allowed(each, context.role, context.event)] or owners
    names = [f"{call.prefix}{each.name}" for each in may]
    return await context.tell(Phrase("command.which", {"name": call.typed, "names": ", ".join(names)}))
