"""`hubbub backup` and `hubbub restore`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hubbub.cli.options import Config, DataDir, settings_of
from hubbub.cli.outcome import Failure, told

if TYPE_CHECKING:
    from hubbub.app.restore import Restored

MEGABYTE = 1_000_000

Target = Annotated[Path, typer.Argument(metavar="PATH", help="A new file (.tar.gz), or a folder to put one into.")]
Source = Annotated[Path, typer.Argument(metavar="PATH", help="A file that `hubbub backup` made.")]
Moved = Annotated[
    bool,
    typer.Option(
        "--moved", help="Nothing ran since the backup (a move to another machine): go on with what was under way."
    ),
]


def backup(target: Target, *, config: Config = None, data: DataDir = None) -> None:
    """Write everything into one file, also while a hub runs. It has database, settings and keys: keep it safe."""
    from hubbub.app.backup import back_up  # noqa: PLC0415 - loaded on first use

    with told():
        made, manifest = back_up(settings_of(config, data), target, datetime.now().astimezone())
        print(f"wrote {made} ({made.stat().st_size / MEGABYTE:,.1f} MB, {len(manifest.files)} files)")
        if manifest.weights:
            print(f"not in it, can be fetched again: {', '.join(manifest.weights)}")


def restore(source: Source, *, moved: Moved = False, config: Config = None, data: DataDir = None) -> None:
    """Put a backup in the place of the data, which are kept aside. No hub may run on them."""
    from hubbub.app import restore as restoring  # noqa: PLC0415 - loaded on first use

    with told():
        restoring.refuse_beside_a_hub(settings_of(config, data).server.data_dir)
        for name, path in restoring.place_settings(source, Path()):
            beside = "" if path.name == name else ", beside the one that is here; compare the two"
            print(f"settings: {path}{beside}")
        settings = settings_of(config, data)
        place = restoring.Place(settings.server.data_dir, settings.store.postgres)
        if settings.store.sqlite(place.data) != place.data:
            message = "a backup is restored into server.data_dir: leave DATABASE_URL empty, or name PostgreSQL"
            raise Failure(message)
        with restoring.unpacked(source, place.data) as (fresh, manifest):
            done = restoring.restore(fresh, manifest, place, datetime.now().astimezone(), moved=moved)
        _tell(done, place.data)


def _tell(done: Restored, folder: Path) -> None:
    made = done.manifest
    print(f"restored {folder} as it was at {made.made_at} (Hubbub {made.hubbub}, schema {made.schema})")
    if done.aside is not None:
        print(f"what was there before is in {done.aside}; remove it when all is well")
    if done.schema:
        print(f"what was in PostgreSQL before is in the schema {done.schema}; drop it when all is well")
    if done.settled.entries or done.settled.deliveries:
        print(
            f"not done a second time: {done.settled.entries} messages that were being answered, and "
            f"{done.settled.deliveries} deliveries, now unknown: `hubbub deliveries list`"
        )
    missing = [name for name in made.weights if not (folder / "models" / name).is_file()]
    if missing:
        print(f"to be fetched again (`hubbub models pull`, the demo model by itself): {', '.join(missing)}")
