"""`hubbub import`: take over what other programs kept."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hubbub.cli.options import AsJson, Config, DataDir, settings_of
from hubbub.cli.outcome import Failure, told
from hubbub.cli.table import print_json
from hubbub.core.errors import UserError

if TYPE_CHECKING:
    from hubbub.app.importing_corp_webot import Imported
    from hubbub.app.importing_repeater import Imported as FromRepeater
    from hubbub.conversations.library import Taken
    from hubbub.settings import Settings

app = typer.Typer(help="Take over what other programs kept. No hub may run on the data.", no_args_is_help=True)

Database = Annotated[Path, typer.Option("--db", metavar="FILE", help="Its database, data.db. It stays as it is.")]


@app.command("corp-webot")
def corp_webot(db: Database, *, as_json: AsJson = False, config: Config = None, data: DataDir = None) -> None:
    """Take users, prompts and conversations of corp-webot. Run again, it takes what is new."""
    with told():
        done = asyncio.run(_corp_webot(settings_of(config, data), db))
        if as_json:
            from dataclasses import asdict  # noqa: PLC0415 - loaded on first use

            print_json([asdict(done)])
            return
        print(f"{done.users} users, {done.prompts} prompts, {done.contexts} conversations taken over")
        if done.known:
            print(f"{done.known} conversations were here already")
        if done.broken:
            print(f"{done.broken} conversations cannot be read and were left out")


Installation = Annotated[
    Path, typer.Argument(metavar="PATH", help="Its folder, or that of its user data. It stays as it is.")
]


@app.command("repeater")
def repeater(path: Installation, *, as_json: AsJson = False, config: Config = None, data: DataDir = None) -> None:
    """Take what a Repeater kept. Users' data, call log, presets, nicknames, models; run again, it takes what is new."""
    with told():
        done = asyncio.run(_repeater(settings_of(config, data), path))
        if as_json:
            from dataclasses import asdict  # noqa: PLC0415 - loaded on first use

            print_json([asdict(done)])
            return
        kept = f"{done.contexts} contexts, {done.prompts} prompts and {done.configs} settings of {done.users} users"
        print(f"{kept} taken over; {done.known} were here already")
        print(f"{done.calls} calls of models taken over; {done.calls_known} were here already")
        print(f"{done.presets} presets and {done.files} other files copied")
        for line in done.faults:
            print(f"- {line}")
        for line in done.hints:
            print(f"to do: {line}")


Prompts = Annotated[
    str, typer.Argument(metavar="FILE-OR-URL", help="A list of personas in JSON, each with its act and its prompt.")
]


@app.command("prompts")
def prompts(source: Prompts, *, as_json: AsJson = False, config: Config = None, data: DataDir = None) -> None:
    """Take personas of a list for everybody. What is there already stays as it is."""
    with told():
        done = asyncio.run(_prompts(settings_of(config, data), source))
        if as_json:
            from dataclasses import asdict  # noqa: PLC0415 - loaded on first use

            print_json([asdict(done)])
            return
        print(f"{done.new} personas taken over; {done.known} were here already")
        if done.renamed:
            print(f"names that were taken, and now are: {', '.join(done.renamed)}")
        if done.left:
            print(f"{len(done.left)} entries have no act or prompt, or are too long, and were left out:")
            for each in done.left:
                print(f"- entry {each}")
        if done.full:
            print("there is no room for more")


async def _prompts(settings: Settings, source: str) -> Taken:
    import time  # noqa: PLC0415 - loaded on first use

    from hubbub.app.engines import command_store  # noqa: PLC0415 - loaded on first use
    from hubbub.app.files import HubFiles  # noqa: PLC0415 - loaded on first use
    from hubbub.app.presets import presets_of  # noqa: PLC0415 - loaded on first use
    from hubbub.conversations import library  # noqa: PLC0415 - loaded on first use
    from hubbub.core.errors import MediaError  # noqa: PLC0415 - loaded on first use
    from hubbub.core.messages import Media  # noqa: PLC0415 - loaded on first use

    async with command_store(settings) as store:
        try:
            if source.startswith(("http://", "https://")):
                data = (await HubFiles(store.files, time.time).fetch(Media(url=source))).data
            else:
                data = await asyncio.to_thread(Path(source).read_bytes)
            acts = library.read(data)
        except (MediaError, OSError, ValueError) as error:
            message = f"{source}: no list of personas that can be read: {error}"
            raise Failure(message) from error
        return await library.take(store.conversations, acts, presets_of(settings).texts)


Archive = Annotated[
    Path, typer.Argument(metavar="FILE", help="A zip file of user data, as /sendUserDataFile sends it.")
]
Owner = Annotated[
    str, typer.Option("--owner", metavar="ID", help="Whose it becomes, as /sid tells or a program names.")
]


@app.command("user")
def user(file: Archive, owner: Owner, *, config: Config = None, data: DataDir = None) -> None:
    """Take contexts, prompts and settings of one user. What was there under the same names stays in the past."""
    with told():
        try:
            packed = file.read_bytes()
        except OSError as error:
            message = f"{file}: cannot be read: {error.strerror}"
            raise Failure(message) from error
        try:
            taken = asyncio.run(_user(settings_of(config, data), packed, owner))
        except UserError as error:
            message = f"{file}: no zip file of user data, or too large"
            raise Failure(message) from error
        print(f"{taken} branches taken over; the others were here already" if taken else "everything was here already")


async def _user(settings: Settings, packed: bytes, user_id: str) -> int:
    import time  # noqa: PLC0415 - loaded on first use

    from hubbub.app.engines import command_store  # noqa: PLC0415 - loaded on first use
    from hubbub.conversations.userdata import UserData  # noqa: PLC0415 - loaded on first use
    from hubbub.conversations.users import owner_of_user  # noqa: PLC0415 - loaded on first use

    async with command_store(settings) as store:
        owner = owner_of_user(user_id, settings.repeater.platform)
        return await UserData(store.conversations, time.time).restore(owner, packed)


async def _repeater(settings: Settings, path: Path) -> FromRepeater:
    from hubbub.app.engines import command_store  # noqa: PLC0415 - loaded on first use
    from hubbub.app.importing_repeater import import_repeater  # noqa: PLC0415 - loaded on first use

    async with command_store(settings) as store:
        return await import_repeater(settings, store, path)


async def _corp_webot(settings: Settings, file: Path) -> Imported:
    from hubbub.app.engines import command_store  # noqa: PLC0415 - loaded on first use
    from hubbub.app.importing_corp_webot import (  # noqa: PLC0415 - loaded on first use
        import_corp_webot,
        read_corp_webot,
    )

    old = read_corp_webot(file)
    async with command_store(settings) as store:
        return await import_corp_webot(settings, store, old)
