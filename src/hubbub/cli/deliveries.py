"""`hubbub deliveries`: messages on their way out that somebody may have to decide about."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Annotated, Any

import typer

from hubbub.cli.hub import RunningHub
from hubbub.cli.options import AsJson, Config, DataDir, settings_of
from hubbub.cli.outcome import Failure, told
from hubbub.cli.stored import with_store
from hubbub.cli.table import excerpt, print_json, print_table, when
from hubbub.core.store import Store
from hubbub.core.work import Row, State
from hubbub.settings import Settings

IN_DOUBT = (State.UNKNOWN, State.DEAD, State.SENDING)
PAGE = 500

app = typer.Typer(help="Messages in doubt, and such that could not be handled.", no_args_is_help=True)

States = Annotated[
    list[State] | None, typer.Option("--state", help="State to list; more than once for several (in doubt: all three).")
]
Limit = Annotated[int, typer.Option("--limit", min=1, help="Most deliveries to list.")]
RowId = Annotated[int, typer.Argument(metavar="ID", min=1, help="Number of the delivery.")]


@app.command("list")
def listed(
    state: States = None, limit: Limit = 1000, *, as_json: AsJson = False, config: Config = None, data: DataDir = None
) -> None:
    """List deliveries, oldest first. Unknown, dead and sending ones, unless --state says otherwise."""
    with told():
        found = _rows(settings_of(config, data), state or IN_DOUBT, limit)
        if as_json:
            print_json(found)
            return
        lines = [
            (row["id"], _state(row), row["room"], when(row["created_at"]), excerpt(row["text"], 40), row["error"])
            for row in found
        ]
        if lines:
            print_table(("id", "state", "room", "made", "text", "error"), lines)
        else:
            print("none")


@app.command("given-up")
def given_up(limit: Limit = 1000, *, as_json: AsJson = False, config: Config = None, data: DataDir = None) -> None:
    """List messages that could not be handled, oldest first. They are kept for 8 days."""
    with told():
        found = _given_up(settings_of(config, data), limit)
        if as_json:
            print_json(found)
            return
        lines = [
            (
                each["id"],
                each["room"],
                each["author"],
                when(each["accepted_at"]),
                excerpt(each["text"], 40),
                each["error"],
            )
            for each in found
        ]
        if lines:
            print_table(("id", "room", "author", "came", "text", "error"), lines)
        else:
            print("none")


@app.command()
def show(delivery: RowId, *, as_json: AsJson = False, config: Config = None, data: DataDir = None) -> None:
    """Show one delivery with all that is known of it."""
    with told():
        row = _one(settings_of(config, data), delivery)
        if as_json:
            print_json([row])
            return
        for key, value in row.items():
            if key != "segments":
                print(f"{key:<11} {when(value) if key.endswith('_at') else '' if value is None else value}".rstrip())


@app.command()
def retry(delivery: RowId, *, config: Config = None, data: DataDir = None) -> None:
    """Send an unknown, dead or dropped delivery again. The other side may then get it twice."""
    with told():
        settings = settings_of(config, data)
        if hub := RunningHub.find(settings):
            hub.post(f"/deliveries/{delivery}/retry")
            print(f"{delivery} is queued")
            return
        _changed(delivery, with_store(settings, lambda store: store.outbox.retry(delivery)), "unknown, dead or dropped")
        print(f"{delivery} is queued and goes out when the hub runs")


@app.command()
def drop(delivery: RowId, *, config: Config = None, data: DataDir = None) -> None:
    """Give a delivery up that is queued, unknown or dead."""
    with told():
        settings = settings_of(config, data)
        if hub := RunningHub.find(settings):
            hub.post(f"/deliveries/{delivery}/drop")
        else:
            _changed(
                delivery, with_store(settings, lambda store: store.outbox.drop(delivery)), "queued, unknown or dead"
            )
        print(f"{delivery} is dropped")


def _state(row: dict[str, Any]) -> str:
    """With what the platform told of it, as far as that says more."""
    return f"{row['state']} ({row['told']})" if row["told"] else str(row["state"])


def _changed(delivery: int, row: Row | None, states: str) -> None:
    if row is None:
        message = f"there is no delivery {delivery} that is {states}; `hubbub deliveries list` shows what there is"
        raise Failure(message)


def _rows(settings: Settings, states: Sequence[State], limit: int) -> Iterator[dict[str, Any]]:
    if hub := RunningHub.find(settings):
        query = {"state": [state.value for state in states], "limit": min(limit, PAGE)}
        for count, row in enumerate(hub.pages("/deliveries", "deliveries", query), 1):
            yield row
            if count == limit:
                return
        return

    async def read(store: Store) -> Sequence[Row]:
        return await store.outbox.deliveries(states, limit=limit)

    yield from map(_plain, with_store(settings, read))


def _given_up(settings: Settings, limit: int) -> Iterator[dict[str, Any]]:
    from hubbub.api.native.convert import given_up_json  # noqa: PLC0415 - loaded on first use

    if hub := RunningHub.find(settings):
        yield from islice(hub.pages("/given-up", "given_up", {"limit": min(limit, PAGE)}), limit)
        return
    yield from map(given_up_json, with_store(settings, lambda store: store.inbox.given_up(limit)))


def _one(settings: Settings, delivery: int) -> dict[str, Any]:
    if hub := RunningHub.find(settings):
        shown: dict[str, Any] = hub.get(f"/deliveries/{delivery}")
        return shown

    async def read(store: Store) -> Sequence[Row]:
        return await store.outbox.deliveries(tuple(State), limit=1, after=delivery - 1)

    rows = with_store(settings, read)
    if not rows or rows[0].id != delivery:
        message = f"there is no delivery {delivery}; `hubbub deliveries list` shows what there is"
        raise Failure(message)
    return _plain(rows[0])


def _plain(row: Row) -> dict[str, Any]:
    """A row as the hub's API would give it."""
    import orjson  # noqa: PLC0415 - loaded on first use

    from hubbub.api.native.convert import delivery_json  # noqa: PLC0415 - loaded on first use

    plain: dict[str, Any] = json.loads(orjson.dumps(delivery_json(row)))
    return plain
