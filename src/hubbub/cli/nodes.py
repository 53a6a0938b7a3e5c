"""`hubbub nodes`: the processes that share the data, and what each holds."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from hubbub.cli.hub import RunningHub
from hubbub.cli.options import AsJson, Config, DataDir, settings_of
from hubbub.cli.outcome import told
from hubbub.cli.table import print_json, print_table
from hubbub.core.status import NodeStatus
from hubbub.core.store import Shared, Store
from hubbub.settings import Settings


def nodes(*, as_json: AsJson = False, config: Config = None, data: DataDir = None) -> None:
    """List the live processes of a hub on PostgreSQL. What each holds alone is told, too."""
    with told():
        found = _found(settings_of(config, data))
        if as_json:
            print_json(found)
        else:
            if not found and not as_json:
                print("the data are in SQLite and belong to one process; several share a PostgreSQL database")
                return
            print_table(("node", "roles", "address", "heard", "conversations", "holds"), map(_line, found))


def _found(settings: Settings) -> Sequence[dict[str, Any]]:
    if hub := RunningHub.find(settings):
        listed: list[dict[str, Any]] = hub.get("/nodes")["nodes"]
        return listed
    from hubbub.api.native.convert import node_json  # noqa: PLC0415 - loaded on first use
    from hubbub.cli.stored import with_store  # noqa: PLC0415 - loaded on first use

    async def read(store: Store) -> Sequence[NodeStatus]:
        return await store.members() if isinstance(store, Shared) else ()

    return [node_json(each) for each in with_store(settings, read)]


def _line(node: dict[str, Any]) -> tuple[str, ...]:
    ago = max(0.0, time.time() - float(node["heard_at"]))
    return (
        str(node["node"]),
        ",".join(node["roles"]),
        str(node["address"]),
        f"{ago:.0f} s ago",
        str(node["conversations"]),
        " ".join(node["names"]),
    )
