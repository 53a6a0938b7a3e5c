"""`hubbub user`: who uses the hub, as what, and how much."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar
from urllib.parse import quote

import typer

from hubbub.cli.hub import RunningHub
from hubbub.cli.options import AsJson, Config, DataDir, settings_of
from hubbub.cli.outcome import Failure, told
from hubbub.cli.stored import with_store
from hubbub.cli.table import print_json, print_table, when
from hubbub.core.errors import UserError
from hubbub.core.identities import Role
from hubbub.core.store import Store
from hubbub.settings import Settings

if TYPE_CHECKING:
    from hubbub.core.people import People, User

T = TypeVar("T")

app = typer.Typer(help="Who uses the hub, as what, and how much.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="USER", help="platform:id of a person, or an owner as the list shows it.")]
Limit = Annotated[int, typer.Option("--limit", min=1, max=10_000, help="Most users to list.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask; for scripts.")]
Messages = Annotated[int | None, typer.Option("--messages", min=0, help="Most messages a day; 0: any number.")]
Tokens = Annotated[int | None, typer.Option("--tokens", min=0, help="Most tokens a day; 0: any number.")]
Money = Annotated[float | None, typer.Option("--money", min=0, help="Most money a day; 0: any amount.")]
Code = Annotated[str, typer.Argument(help="The code that the stranger was given.")]
GivenRole = Annotated[
    Literal["user", "guest", "admin", "nobody"],
    typer.Option("--role", help="As what to let them in; nobody: like everybody who is on no list."),
]


@app.command("list")
def listed(limit: Limit = 1000, *, as_json: AsJson = False, config: Config = None, data: DataDir = None) -> None:
    """List who uses the hub, the last first. Who is on a list of the access rules is there, too."""
    with told():
        found = _listed(settings_of(config, data), limit)
        if as_json:
            print_json(found)
        elif found:
            print_table(("user", "role", "messages", "tokens", "last"), [_cells(user) for user in found])
        else:
            print("none")


@app.command()
def show(user: Name, *, as_json: AsJson = False, config: Config = None, data: DataDir = None) -> None:
    """Show one: role, limits, use, number of conversations."""
    with told():
        found = _shown(settings_of(config, data), user)
        if as_json:
            print_json([found])
            return
        for key, value in found.items():
            print(f"{key:<18} {_worded(key, value)}".rstrip())
        if not (found["role"] or found["last_at"]):
            print(f"nobody known as {user} wrote to the bot so far", file=sys.stderr)


@app.command()
def block(user: Name, *, config: Config = None, data: DataDir = None) -> None:
    """Answer a person no more."""
    with told():
        _change(settings_of(config, data), user, Role.BLOCKED)
        print(f"{user} is blocked")


@app.command()
def allow(user: Name, role: GivenRole = "user", *, config: Config = None, data: DataDir = None) -> None:
    """Let a person in, also one who was blocked."""
    with told():
        changed = _change(settings_of(config, data), user, None if role == "nobody" else Role[role.upper()])
        print(f"{user} is {changed['role']}")


@app.command("limit")
def limited(  # noqa: PLR0913 - a parameter is an option of the command line
    user: Name,
    messages: Messages = None,
    tokens: Tokens = None,
    money: Money = None,
    *,
    config: Config = None,
    data: DataDir = None,
) -> None:
    """Set what one may use a day. Without options, the hub's limits hold again."""
    with told():
        settings = settings_of(config, data)
        if hub := RunningHub.find(settings):
            limits = {"messages_per_day": messages, "tokens_per_day": tokens, "money_per_day": money}
            changed = hub.put(_path(user, "limits"), limits)
        else:
            changed = _plain(_at_desk(settings, lambda people: people.set_limits(user, messages, tokens, money)))
        most = {"messages": changed["messages_per_day"], "tokens": changed["tokens_per_day"]}
        told_so = [f"{count or 'any number of'} {what} a day" for what, count in most.items()]
        if changed["money_per_day"]:
            told_so.append(f"{changed['money_per_day']:g} of money a day")
        print(f"{user}: " + ", ".join(told_so))


@app.command()
def pair(code: Code = "", *, as_json: AsJson = False, config: Config = None, data: DataDir = None) -> None:
    """Let in whom a pairing code belongs to. Without one, list who waits."""
    with told():
        settings = settings_of(config, data)
        if code:
            print(f"{_let_in(settings, code)['person']} is let in")
            return
        found = _strangers(settings)
        if as_json:
            print_json(found)
        elif found:
            print_table(("code", "person", "name"), [(each["code"], each["person"], each["name"]) for each in found])
        else:
            print("none")


@app.command()
def forget(user: Name, *, yes: Yes = False, config: Config = None, data: DataDir = None) -> None:
    """Remove all that a user keeps, and the texts of their messages. It cannot be undone."""
    with told():
        settings = settings_of(config, data)
        found = _shown(settings, user)
        if not yes and not _confirmed(found):
            message = "nothing was removed"
            raise Failure(message)
        if hub := RunningHub.find(settings):
            hub.delete(_path(user))
        else:
            _at_desk(settings, lambda people: people.forget(user))
        print(f"{user} is forgotten; copies in backups are not")


def _worded(key: str, value: Any) -> object:
    if key.endswith("_at"):
        return when(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else value


def _confirmed(found: dict[str, Any]) -> bool:
    if not sys.stdin.isatty():
        message = "removing cannot be undone: say --yes"
        raise Failure(message)
    return typer.confirm(f"Remove {found['owner']} with {found['conversations']} conversations for ever?", err=True)


def _listed(settings: Settings, limit: int) -> list[dict[str, Any]]:
    if hub := RunningHub.find(settings):
        users: list[dict[str, Any]] = hub.get("/users", {"limit": limit})["users"]
        return users

    async def read(people: People) -> list[dict[str, Any]]:
        return [_plain(user) for user in await people.users(limit)]

    return _at_desk(settings, read)


def _shown(settings: Settings, name: str) -> dict[str, Any]:
    if hub := RunningHub.find(settings):
        shown: dict[str, Any] = hub.get(_path(name))
        return shown

    async def read(people: People) -> dict[str, Any]:
        found = await people.details(name)
        today = {"messages_today": found.messages_today, "tokens_today": found.tokens_today}
        return _plain(found.user) | today | {"conversations": found.conversations}

    return _at_desk(settings, read)


def _change(settings: Settings, name: str, role: Role | None) -> dict[str, Any]:
    if hub := RunningHub.find(settings):
        changed: dict[str, Any] = hub.put(_path(name), {"role": None if role is None else role.name.lower()})
        return changed

    async def change(people: People) -> dict[str, Any]:
        return _plain(await people.set_role(name, role))

    return _at_desk(settings, change)


def _strangers(settings: Settings) -> list[dict[str, Any]]:
    if hub := RunningHub.find(settings):
        waiting: list[dict[str, Any]] = hub.get("/pairing")["waiting"]
        return waiting
    return [asdict(each) for each in _at_desk(settings, lambda people: people.waiting())]


def _let_in(settings: Settings, code: str) -> dict[str, Any]:
    if hub := RunningHub.find(settings):
        let_in: dict[str, Any] = hub.post(f"/pairing/{quote(code, safe='')}")
        return let_in
    return _plain(_at_desk(settings, lambda people: people.let_in(code)))


def _at_desk(settings: Settings, work: Callable[[People], Awaitable[T]]) -> T:
    """Do it with no hub running. Raises Failure with what the person has to mend."""

    async def run(store: Store) -> T:
        from hubbub.app.people import people_beside_no_hub  # noqa: PLC0415 - loaded on first use

        return await work(await people_beside_no_hub(settings, store))

    try:
        return with_store(settings, run)
    except UserError as error:
        from hubbub.words import say  # noqa: PLC0415 - loaded on first use

        raise Failure(say(error.user_text, "en")) from error


def _plain(user: User) -> dict[str, Any]:
    """A user as the hub's API would give it."""
    return asdict(user) | {"role": None if user.role is None else user.role.name.lower()}


def _path(name: str, what: str = "users") -> str:
    return f"/{what}/{quote(name, safe='')}"


def _cells(user: dict[str, Any]) -> tuple[object, ...]:
    role = user["role"] or ""
    marked = f"{role} (settings)" if user["fixed"] else role
    return user["person"] or user["owner"], marked, user["messages"], user["tokens"], when(user["last_at"])
