"""What platforms declare for operators: ``hubbub <platform> <task>``, and their part of the doctor's report."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import typer

from hubbub.cli.checks import Check
from hubbub.cli.options import Config, DataDir, settings_of
from hubbub.cli.outcome import Failure, told
from hubbub.core.ports import PlatformPlugin
from hubbub.core.upkeep import Finding, Task
from hubbub.settings import Settings
from hubbub.settings.plugins import built_in


def task_groups() -> Iterator[typer.Typer]:
    """A group of commands for each platform that has tasks."""
    for plugin in built_in().values():
        if plugin.tasks:
            group = typer.Typer(name=plugin.name, help=(plugin.settings.__doc__ or "").strip(), no_args_is_help=True)
            for task in plugin.tasks:
                _add(group, plugin, task)
            yield group


def _add(group: typer.Typer, plugin: PlatformPlugin, task: Task) -> None:
    @group.command(task.name, help=task.summary)
    def do(*, config: Config = None, data: DataDir = None) -> None:
        with told():
            _do(settings_of(config, data), plugin.name, task)


def _do(settings: Settings, name: str, task: Task) -> None:
    from hubbub.app.dotted import imported  # noqa: PLC0415 - loaded on first use

    if all(plugin.name != name for plugin in settings.enabled()):
        message = f"the platform {name} is off: see docs/settings.md for the keys that it needs"
        raise Failure(message)
    run = imported(task.run, "task", task.name)
    asyncio.run(run(settings.platform(name), print))


def findings(settings: Settings) -> Iterator[Check]:
    """What the platforms that are on look at themselves."""
    for plugin in settings.enabled():
        if plugin.checks:
            for each in asyncio.run(_looked(settings, plugin)):
                yield Check(f"{plugin.name}: {each.name}", each.outcome, each.text, each.remedy)


async def _looked(settings: Settings, plugin: PlatformPlugin) -> list[Finding]:
    from hubbub.app.dotted import imported  # noqa: PLC0415 - loaded on first use

    look = imported(plugin.checks, "checks of platform", plugin.name)
    server = settings.server.model_dump()
    return [finding async for finding in look(settings.platform(plugin.name), server)]
