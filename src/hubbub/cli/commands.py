"""All commands of `hubbub`, put together."""

from __future__ import annotations

from typing import Annotated

import typer

from hubbub import __version__
from hubbub.cli import config, deliveries, importing, models, store, token, user
from hubbub.cli.backup import backup, restore
from hubbub.cli.chat import chat
from hubbub.cli.dev import dev_group
from hubbub.cli.doctor import doctor
from hubbub.cli.logs import logs
from hubbub.cli.nodes import nodes
from hubbub.cli.options import Config, DataDir
from hubbub.cli.serve import serve
from hubbub.cli.tasks import task_groups
from hubbub.settings.sections import LogLevel

# Plain output: rich would take 0.2 s of every command.
app = typer.Typer(
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="One self-hosted backend for chat platforms, language models and people's rooms.",
    epilog="Exit codes: 0 done, 1 failed, 2 wrong command line, 3 wrong settings, 4 data unusable, 130 interrupted.",
)


def _version(asked: bool) -> None:
    if asked:
        print(f"hubbub {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


@app.command()
def run(  # noqa: PLR0913 - a parameter is an option of the command line
    host: Annotated[str | None, typer.Option(metavar="ADDRESS", help="Address to listen on (127.0.0.1).")] = None,
    port: Annotated[str | None, typer.Option(metavar="NUMBER", help="Port to listen on (8080); 0: a free one.")] = None,
    *,
    role: Annotated[
        list[str] | None,
        typer.Option(metavar="ROLE", help="Part of the work: gateway, worker, scheduler or all (all)."),
    ] = None,
    config: Config = None,
    data_dir: DataDir = None,
    log_level: Annotated[LogLevel | None, typer.Option(help="Least level that is logged (INFO).")] = None,
) -> None:
    """Serve until stopped."""
    # Here for help and completion: from a shell, `hubbub.cli.main` goes to `serve` without this library.
    given = {"host": host, "port": port, "config": config, "data-dir": data_dir, "log-level": log_level}
    arguments = [f"--{name}={value}" for name, value in given.items() if value is not None]
    raise SystemExit(serve([*arguments, *(f"--role={each}" for each in role or ())]))


app.command()(config.init)
app.command()(chat)
app.command()(doctor)
app.command()(logs)
app.command()(nodes)
app.command()(backup)
app.command()(restore)
app.add_typer(config.app, name="config")
app.add_typer(deliveries.app, name="deliveries")
app.add_typer(importing.app, name="import")
app.add_typer(models.app, name="models")
app.add_typer(store.app, name="store")
app.add_typer(token.app, name="token")
app.add_typer(user.app, name="user")
app.add_typer(dev_group())
for group in task_groups():
    app.add_typer(group)
