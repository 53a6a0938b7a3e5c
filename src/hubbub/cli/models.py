"""`hubbub models`: which models can be asked, whether they answer, and getting one that runs inside the hub."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hubbub.cli.hub import RunningHub
from hubbub.cli.options import AsJson, Config, DataDir, settings_of
from hubbub.cli.outcome import Failure, told
from hubbub.cli.table import excerpt, print_json, print_table
from hubbub.core.turns import ChatRequest, Turn
from hubbub.settings import Settings
from hubbub.words import say

if TYPE_CHECKING:
    from hubbub.app.models import LateModels

FOLDER = "models"
QUESTION = "Say hello in one short sentence."
LONGEST_TEST = 300.0

app = typer.Typer(help="The models that the hub can ask.", no_args_is_help=True)


class NotFetched(Failure):
    """The weights of a model of our own are not here."""


@dataclass(frozen=True, slots=True)
class Tested:
    """How a model answered: seconds until the first piece and until the end."""

    name: str
    answer: str
    first: float
    whole: float


@app.command("list")
def listed(*, as_json: AsJson = False, config: Config = None, data: DataDir = None) -> None:
    """List the models, the default one first, and why it is."""
    with told():
        settings = settings_of(config, data)
        hub = RunningHub.find(settings)
        rows, reason = _of_hub(hub) if hub else asyncio.run(_found(settings))
        if as_json:
            print_json(rows)
            return
        heads = ("", "name", "provider", "id", "pictures", "context", "note")
        print_table(heads, [_cells(row) for row in rows])
        print(f"\n* answers by default: {reason}" if rows else f"none: {reason}")
        if all(row["provider"] == "embedded" for row in rows):
            print("for a better one set a key (OPENAI_API_KEY ...), run Ollama, or see `hubbub models pull`")


@app.command("test")
def try_out(
    name: Annotated[str, typer.Argument(help="Its name in the hub; without one, the default model.")] = "",
    *,
    as_json: AsJson = False,
    config: Config = None,
    data: DataDir = None,
) -> None:
    """Ask a model something. It is done from this process, and tells how long it took or why it failed."""
    with told():
        try:
            tested = asyncio.run(ask(settings_of(config, data), name))
        except TimeoutError as error:
            message = f"the model did not answer within {LONGEST_TEST:.0f} s"
            raise Failure(message) from error
        if as_json:
            print_json([asdict(tested)])
        else:
            print(f"{tested.name}: {excerpt(tested.answer, 100)}")
            print(f"first piece after {tested.first:.2f} s, whole answer after {tested.whole:.2f} s")


@app.command()
def pull(
    name: Annotated[str, typer.Argument(help="A name of the list, or organisation/repository/file.gguf.")] = "",
    *,
    as_json: AsJson = False,
    config: Config = None,
    data: DataDir = None,
) -> None:
    """Fetch a model that runs inside the hub. Without a name, list those that are known."""
    from hubbub.providers.embedded.catalogue import CATALOGUE  # noqa: PLC0415 - loaded on first use

    with told():
        if name:
            asyncio.run(_pull(settings_of(config, data), name))
        elif as_json:
            print_json(asdict(each) for each in CATALOGUE)
        else:
            print_table(("name", "size", "note"), [(each.name, f"{each.about_mb} MB", each.note) for each in CATALOGUE])


async def ask(settings: Settings, name: str = "", *, fetch: bool = True) -> Tested:
    """One question to one model, past hub and store.

    Raises:
        NotFetched: the model runs inside the hub and is not on the disk, and ``fetch`` is false.
        ProviderError: it does not answer.
        TimeoutError: it takes longer than `LONGEST_TEST`.
    """
    async with models_of(settings) as models, asyncio.timeout(LONGEST_TEST):
        chosen = models.find(name) if name else models.default()
        if chosen is None:
            message = f"there is no model {name!r}; there are {', '.join(info.name for info in models.infos)}"
            raise Failure(message)
        if not fetch and chosen.provider == "embedded" and not any((settings.server.data_dir / FOLDER).glob("*.gguf")):
            message = f"{chosen.name} is not on this machine yet ({models.why})"
            raise NotFetched(message)
        begun, first, answer = time.monotonic(), 0.0, ""
        request = ChatRequest(chosen.name, (Turn("user", QUESTION),), stream=True)
        async for delta in models.stream(request):
            first = first or time.monotonic() - begun
            answer += delta.content
    return Tested(chosen.name, answer.strip(), first, time.monotonic() - begun)


@asynccontextmanager
async def models_of(settings: Settings) -> AsyncIterator[LateModels]:
    """The models as a hub with these settings would have them, looked for and ready to be asked; none is started."""
    from hubbub.app.models import LateModels  # noqa: PLC0415 - loaded on first use

    models = LateModels(settings)
    try:
        await models.look(f"http://127.0.0.1:{settings.server.port}")
        yield models
    finally:
        await models.close()


async def _found(settings: Settings) -> tuple[list[dict[str, Any]], str]:
    async with models_of(settings) as models:
        infos = [asdict(replace(info, note=say(info.note, "en"))) for info in models.infos]
        return _rows(infos, models.name), models.why


def _of_hub(hub: RunningHub) -> tuple[list[dict[str, Any]], str]:
    status = hub.status()
    return _rows(hub.get("/models")["models"], status["model"]), status["model_reason"]


def _rows(infos: list[dict[str, Any]], default: str) -> list[dict[str, Any]]:
    rows = [{**info, "default": info["name"] == default} for info in infos]
    return sorted(rows, key=lambda row: not row["default"])


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    pictures = {True: "yes", False: "no", None: "?"}[row["vision"]]
    mark = "*" if row["default"] else ""
    return mark, row["name"], row["provider"], row["id"], pictures, str(row["context_tokens"] or "?"), row["note"]


async def _pull(settings: Settings, name: str) -> None:
    from hubbub.app.proxies import proxy_to  # noqa: PLC0415 - loaded on first use
    from hubbub.providers.embedded.catalogue import pullable  # noqa: PLC0415 - loaded on first use
    from hubbub.providers.embedded.hub import HUB, Hub  # noqa: PLC0415 - loaded on first use
    from hubbub.providers.openai_compatible.address import proxy_for  # noqa: PLC0415 - loaded on first use
    from hubbub.providers.openai_compatible.session import new_session  # noqa: PLC0415 - loaded on first use

    wanted = pullable(name)
    address = settings.environ.get("HF_ENDPOINT") or HUB
    async with new_session() as session:
        hub = Hub(session, address, proxy=proxy_for(address, proxy_to(address, settings.server)))
        file = await hub.pull(wanted, settings.server.data_dir / FOLDER, _progress)
    print("To use it, put this into hubbub.toml and start the hub again:\n")
    print(f'[[models]]\nname = "{wanted.name}"\nprovider = "embedded"\npath = "{file.name}"')
    print(f"context_tokens = {wanted.context_tokens}")


def _progress(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
