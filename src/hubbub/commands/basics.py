"""Commands about the hub itself: help, echo, sid, status."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hubbub.commands.arguments import line
from hubbub.commands.command import Call, Command, CommandContext, plainly
from hubbub.commands.permissions import allowed
from hubbub.commands.roles import asks_for_menu
from hubbub.core.identities import Role, owner_of
from hubbub.core.phrases import Phrase

if TYPE_CHECKING:
    from hubbub.core.ports import Answer
    from hubbub.core.status import HubStatus

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
# What lists the commands of admins: more than everybody wants to read who asks for help.
_MORE = ("more", "更多")


async def show_help(call: Call, context: CommandContext) -> Answer:
    """What everybody may do that the person may do here, a line each; what admins may; or one command's other names."""
    wanted = call.argument.strip()
    event = context.event
    if wanted:
        listed = await _family(wanted.lower(), call, context)
        if listed is not None:
            return listed
        command = call.listing.named(wanted.removeprefix(call.prefix))
        if command is None or not allowed(command, context.role, event):
            name, more = f"{call.prefix}{wanted.removeprefix(call.prefix)}", f"{call.prefix}{call.name}"
            return await context.tell(Phrase("command.unknown", {"name": name, "help": more}))
        lines = [line(command, call.prefix)]
        if command.aliases:
            lines.append(Phrase("command.help.aliases", {"names": ", ".join(command.aliases)}))
        return await context.tell(*lines)
    if asks_for_menu(call):
        return await context.tell(Phrase("command.help.menu"))
    everyday, others = _listed(call, context)
    families = dict.fromkeys(each.family for each in call.listing.commands if each.family)
    known = [Phrase("command.help.family", {"command": f"{call.prefix}{call.name} {name}"}) for name in families]
    if others:
        known.insert(0, Phrase("command.help.more", {"command": f"{call.prefix}{call.name} {_MORE[0]}"}))
    return await context.tell(Phrase("command.help.head"), *everyday, *known, Phrase("command.help.chat"))


def _listed(call: Call, context: CommandContext) -> tuple[list[Phrase], list[Phrase]]:
    """A line for each command that the person may give here: those of everybody, and those of admins."""
    found = call.listing.allowed(context.role, context.event)
    everyday = [line(each, call.prefix) for each in found if each.role < Role.ADMIN]
    return everyday, [line(each, call.prefix) for each in found if each.role >= Role.ADMIN]


async def _family(name: str, call: Call, context: CommandContext) -> Answer | None:
    """The commands of admins, or of a family with their short names; None where there are no such."""
    if name in _MORE and (admins := _listed(call, context)[1]):
        return await context.tell(*admins)
    found = [
        each for each in call.listing.commands if each.family == name and allowed(each, context.role, context.event)
    ]
    return await context.tell(*(line(each, call.prefix) for each in found)) if found else None


async def echo(call: Call, context: CommandContext) -> Answer:
    """The argument, exactly. Waits for nothing."""
    if not call.argument:
        return await context.tell(line(call.command, call.prefix))
    return plainly(call.argument)


async def sid(call: Call, context: CommandContext) -> Answer:  # noqa: ARG001 - every handler has the same shape
    """The ids of person, owner and room, as settings and the API want them."""
    event = context.event
    branch = await context.hub.conversations.branch(context.owner, "context", event.branch, limit=1)
    values: dict[str, object] = {
        "user": f"{event.room.platform}:{event.author.id}",
        "role": Phrase(f"role.{context.role.name.lower()}"),
        "owner": _shown_owner(context),
        "room": event.room.key,
        "branch": branch.name,
    }
    return await context.tell(Phrase("command.sid", values))


def _shown_owner(context: CommandContext) -> str:
    """The owner; where others read it, without what it says of other platforms."""
    event = context.event
    if event.room.direct or event.owner or context.owner.startswith(f"{event.room.platform}:group:"):
        return context.owner
    return owner_of(event.room, event.author.id)


async def status(call: Call, context: CommandContext) -> Answer:  # noqa: ARG001 - every handler has the same shape
    """How the hub is doing; admins also see its accounts and its work."""
    found = context.hub.control.status()
    uptime = _duration(context.hub.clock() - found.started_at)
    values = {"version": found.version, "uptime": uptime, "model": _model(found)}
    lines = [Phrase("command.status", values)]
    if not found.ready:
        lines.append(Phrase("command.status.not_ready"))
    if context.role >= Role.ADMIN:
        work = {"waiting": found.waiting, "running": found.running, "undelivered": found.undelivered}
        lines += [*_accounts(found), Phrase("command.status.work", dict(work))]
    return await context.tell(*lines)


def _model(found: HubStatus) -> object:
    if found.model:
        return found.model
    return Phrase("command.status.no_model", {"reason": found.model_reason})


def _accounts(found: HubStatus) -> list[Phrase]:
    return [
        Phrase("command.status.up", {"account": f"{each.platform}:{each.account}"})
        if each.up
        else Phrase("command.status.down", {"account": f"{each.platform}:{each.account}", "reason": each.detail})
        for each in found.accounts
    ]


def _duration(seconds: float) -> Phrase:
    """A time span in its two largest units; a clock that was set back makes none."""
    whole = max(0, int(seconds))
    if whole >= _DAY:
        return Phrase("duration.days", {"days": whole // _DAY, "hours": whole % _DAY // _HOUR})
    if whole >= _HOUR:
        return Phrase("duration.hours", {"hours": whole // _HOUR, "minutes": whole % _HOUR // _MINUTE})
    return Phrase("duration.minutes", {"minutes": whole // _MINUTE})


COMMANDS: Final = (
    Command("help", show_help, "command.help.help", aliases=("h", "menu", "帮助", "菜单")),
    Command("echo", echo, "command.echo.help", aliases=("回显",)),
    Command("sid", sid, "command.sid.help", aliases=("whoami", "id", "我是谁")),
    Command("status", status, "command.status.help", aliases=("状态",)),
)
