"""``hubbub dev``: stand-ins of platforms, for trying a hub by hand."""

from __future__ import annotations

import typer

from hubbub.core.ports import PlatformPlugin
from hubbub.settings.plugins import built_in

_RAW = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": ["--command-help"]}


def dev_group() -> typer.Typer:
    """A command for each tool that a platform declares."""
    group = typer.Typer(name="dev", help="Stand-ins of platforms, for trying a hub by hand.", no_args_is_help=True)
    for plugin in built_in().values():
        for name in plugin.tools:
            _add(group, plugin, name)
    return group


def _add(group: typer.Typer, plugin: PlatformPlugin, name: str) -> None:
    @group.command(name, help=f"Stand in for {plugin.name}; --help says how.", context_settings=_RAW)
    def do(context: typer.Context) -> None:
        from hubbub.app.dotted import imported  # noqa: PLC0415 - loaded on first use

        raise SystemExit(imported(plugin.tools[name], "tool", name)(context.args))
