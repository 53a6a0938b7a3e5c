"""`hubbub doctor`: everything that must be right, each with its remedy."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import asdict
from typing import Annotated

import typer

from hubbub.cli import checks
from hubbub.cli.checks import Check
from hubbub.cli.databases import postgres
from hubbub.cli.hub import RunningHub
from hubbub.cli.models import NotFetched, ask
from hubbub.cli.options import AsJson, Config, DataDir, settings_of
from hubbub.cli.outcome import Exit, Failure, told
from hubbub.cli.table import print_json
from hubbub.cli.tasks import findings
from hubbub.core.errors import ConfigError, HubbubError
from hubbub.settings import Settings

Alive = Annotated[
    bool, typer.Option("--alive", help="Only whether a hub runs on the data folder and answers: for supervisors.")
]


def doctor(*, alive: Alive = False, as_json: AsJson = False, config: Config = None, data: DataDir = None) -> None:
    """Look at everything, and say the remedies. Settings, data folder, port, platforms and model are checked."""
    failed = 0
    with told():
        for check in (_alive(settings_of(config, data)),) if alive else _all(config, data):
            failed += check.outcome == "fail"
            if as_json:
                print_json([asdict(check)])
            else:
                print(f"{check.outcome:<4}  {check.name}: {check.text}", flush=True)
                if check.remedy:
                    print(f"      remedy: {check.remedy}", flush=True)
    if failed:
        raise SystemExit(Exit.FAILED)


def _all(config: Config, data: DataDir) -> Iterator[Check]:
    yield from checks.versions()
    try:
        settings = settings_of(config, data)
    except ConfigError as error:
        for line in str(error).splitlines():
            yield Check("settings", "fail", line, "mend it; `hubbub config check` looks again")
        return
    yield Check("settings", "ok", f"file: {settings.file or 'none'}")
    folder = settings.server.data_dir
    yield from checks.data_folder(folder)
    if settings.store.postgres:
        yield from postgres(settings)
    else:
        yield from checks.database(settings.store.sqlite(folder))
    try:
        hub = RunningHub.find(settings)
    except Failure as error:
        yield Check("hub", "fail", str(error), "stop it and start it again")
        return
    yield from checks.listening(settings.server, hub)
    yield checks.clock(folder)
    yield checks.open_files()
    yield from checks.platforms(settings, hub)
    yield from findings(settings)
    yield _model(settings)


def _alive(settings: Settings) -> Check:
    """Whether the hub answers; nothing else is looked at, so that it costs little."""
    hub = RunningHub.find(settings)
    if hub is None:
        return Check("hub", "fail", f"none runs on {settings.server.data_dir}", "hubbub run")
    status = hub.status()
    if not status["ready"]:
        return Check("hub", "fail", f"{hub.url} takes no messages", "wait until it has stopped or started")
    return Check("hub", "ok", f"runs at {hub.url}")


def _model(settings: Settings) -> Check:
    """Whether the default model answers. It is really asked: nothing less shows that key, name and quota are right."""
    remedy = "`hubbub models list` shows what there is, `hubbub models test` asks again"
    try:
        tested = asyncio.run(ask(settings, fetch=False))
    except TimeoutError:
        return Check("model", "fail", "no answer in time", remedy)
    except NotFetched as error:
        return Check("model", "warn", str(error), "the first start fetches it; or set a key, or run Ollama")
    except HubbubError as error:
        return Check("model", "fail", str(error), remedy)
    return Check("model", "ok", f"{tested.name} answered after {tested.whole:.1f} s")
